# id: 20
# name: terminal_and_ioctl
# kind: probe
# runs: 1
# contained: no terminal is fed, no interface is asked for
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

block = ctypes.create_string_buffer(64)
for fd in (0, 1, 2):
    for request in (0x5412, 0x541C, 0x540E, 0x5409, 0x4B4E, 0x8910, 0x8912, 0x8927, 0xC0045877, 0x40049409, 0x5452, 0x8901, 0xAE00):
        if call(16, fd, request, ctypes.addressof(block)) >= 0: print("ESCAPED: ioctl", hex(request), "on", fd)
