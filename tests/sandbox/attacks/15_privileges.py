# id: 15
# name: privileges
# kind: probe
# runs: 1
# contained: no identity, capability or limit is gained
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

import os, resource
if os.getuid() == 0 or os.geteuid() == 0: print("ESCAPED: root")
header, none = ctypes.create_string_buffer((0x20080522).to_bytes(4, "little") + bytes(4), 8), ctypes.create_string_buffer(24)
call(125, ctypes.addressof(header), ctypes.addressof(none))
if any(none.raw): print("ESCAPED: capability", none.raw)
for name, result in {
    "setuid": call(105, 0), "setgid": call(106, 0), "setgroups": call(116, 0, 0), "setresuid": call(117, 0, 0, 0), "setfsuid": call(122, 0),
    "capset": call(126, ctypes.addressof(header), ctypes.addressof(ctypes.create_string_buffer(b"\xff" * 24))),
    "ambient": call(157, 47, 2, 7, 0, 0), "securebits": call(157, 28, 0, 0, 0, 0), "dumpable": call(157, 4, 1, 0, 0, 0), "tracer": call(157, 0x59616D61, -1, 0, 0, 0),
    "subreaper": call(157, 36, 1, 0, 0, 0), "memory map": call(157, 35, 1, 0, 0, 0), "speculation": call(157, 53, 0, 0, 0, 0), "filter": call(157, 22, 2, 0, 0, 0),
}.items():
    if result >= 0: print("ESCAPED:", name)
for limit in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK):
    try: resource.setrlimit(limit, (resource.RLIM_INFINITY,) * 2); print("ESCAPED: limit", limit)
    except (OSError, ValueError): pass
