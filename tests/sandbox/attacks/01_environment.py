# id: 01
# name: environment
# kind: probe
# runs: 1
# contained: neither the environment, nor the stack above it, nor the arguments hold a name of the host
import ctypes, os, sys
found = repr(dict(os.environ)) + repr(sys.argv) + repr(sys.orig_argv)
environ = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
first = min((p for p in (environ[i] for i in range(64)) if p), default=0) if environ else 0
read, write = os.pipe()
for page in range(first - first % 4096 - 8192, first + (1 << 16), 4096) if first else ():
    if ctypes.CDLL(None).write(write, ctypes.c_void_p(page), ctypes.c_size_t(4096)) == 4096:
        found += os.read(read, 4096).decode("latin-1")
for word in ("NOFX_", "SECRET", "TOKEN=", "PASSWORD", "DATABASE", "DJANGO", "USER=", "SSH_"):
    if word in found.replace("NOFX_RUN", ""):
        print("ESCAPED: the environment holds", word)
