# id: 19
# name: other_descriptors
# kind: probe
# runs: 1
# contained: a script has its three streams and nothing else
import os
for fd in range(3, 4096):
    try: os.fstat(fd); print("ESCAPED: descriptor", fd)
    except OSError: pass
for fd in (0, 1, 2):
    try: os.lseek(fd, 0, os.SEEK_SET); os.ftruncate(fd, 1 << 20); print("ESCAPED: grew", fd)
    except OSError: pass
try: os.write(0, b"x"); print("ESCAPED: wrote to the input")
except OSError: pass
for name in ("/proc/self/fd/1", "/dev/fd/1", "/dev/stdin", "/dev/stdout"):
    try: os.open(name, os.O_RDWR); print("ESCAPED: reopened", name)
    except OSError: pass
