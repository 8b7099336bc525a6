# id: 08
# name: start_processes
# kind: probe
# runs: 1
# contained: no process is started, by whatever call
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

import os
def child(number, *arguments):
    pid = call(number, *arguments)
    if pid == 0: os._exit(0)
    return pid
block = ctypes.create_string_buffer(88)
ctypes.memmove(ctypes.addressof(block) + 32, (17).to_bytes(8, "little"), 8)
calls = {"fork": (57,), "vfork": (58,), "clone": (56, 17, 0, 0, 0, 0), "clone with shared memory": (56, 0x100 | 17, 0, 0, 0, 0),
         "clone3": (435, ctypes.addressof(block), 88)}
for name, arguments in calls.items():
    if child(*arguments) > 0: print("ESCAPED:", name)
for name, result in {"execve": call(59, b"/bin/true", 0, 0), "execveat": call(322, -100, b"/bin/true", 0, 0, 0)}.items():
    if result >= 0: print("ESCAPED:", name)
