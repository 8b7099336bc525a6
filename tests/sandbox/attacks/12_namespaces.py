# id: 12
# name: namespaces
# kind: probe
# runs: 1
# contained: no namespace is made or entered
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

import os
for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    if call(272, flag) == 0: print("ESCAPED: unshare", hex(flag))
    if flag > 0x80:
        pid = call(56, flag | 17, 0, 0, 0, 0)
        if pid == 0: os._exit(0)
        if pid > 0: print("ESCAPED: clone", hex(flag))
    if call(308, 0, flag) == 0: print("ESCAPED: setns", hex(flag))
