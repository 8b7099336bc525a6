# id: 10
# name: other_processes
# kind: probe
# runs: 1
# contained: no memory, descriptor, limit or schedule of another process is within reach
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

block = ctypes.create_string_buffer(256)
at = ctypes.addressof(block)
for pid in (1, 2, 3, @CANARYPID@):
    for name, result in {
        "ptrace": call(101, 16, pid, 0, 0), "process_vm_readv": call(310, pid, at, 1, at, 1, 0), "process_vm_writev": call(311, pid, at, 1, at, 1, 0),
        "pidfd_open": call(434, pid, 0), "pidfd_getfd": call(438, 3, 0, 0), "kcmp": call(312, pid, pid, 0, 0, 0), "prlimit": call(302, pid, 7, 0, at),
        "process_madvise": call(440, 3, at, 1, 4, 0), "move_pages": call(279, pid, 0, 0, 0, 0, 0), "migrate_pages": call(256, pid, 0, 0, 0),
        "get_robust_list": call(274, pid, at, at), "sched_setaffinity": call(203, pid, 8, at), "ioprio_set": call(251, 1, pid, 0),
        "sched_setscheduler": call(144, pid, 0, at), "setpriority": call(141, 0, pid, 5), "seccomp listener": call(317, 1, 8, at),
    }.items():
        if result >= 0: print("ESCAPED:", name, pid)
