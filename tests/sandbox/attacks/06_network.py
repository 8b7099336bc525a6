# id: 06
# name: network
# kind: probe
# runs: 1
# contained: no socket of any family can be made
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

for family in range(46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 6, 132, 255):
            if call(41, family, kind, protocol) >= 0: print("ESCAPED: socket", family, kind, protocol)
    if family != 1 and call(53, family, 1, 0, ctypes.addressof(ctypes.create_string_buffer(8))) >= 0: print("ESCAPED: pair", family)
