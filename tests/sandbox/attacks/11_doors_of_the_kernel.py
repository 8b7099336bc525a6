# id: 11
# name: doors_of_the_kernel
# kind: probe
# runs: 1
# contained: calls that programs do not need are refused
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

block = ctypes.create_string_buffer(4096)
at = ctypes.addressof(block)
numbers = {
    "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "userfaultfd": 323, "keyctl": 250, "add_key": 248, "request_key": 249,
    "init_module": 175, "finit_module": 313, "kexec_load": 246, "syslog": 103, "personality": 135, "iopl": 172, "ioperm": 173,
    "swapon": 167, "reboot": 169, "acct": 163, "quotactl": 179, "fanotify_init": 300, "inotify_init": 294, "memfd_create": 319,
    "memfd_secret": 447, "shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240, "modify_ldt": 154, "vmsplice": 278, "splice": 275,
    "tee": 276, "remap_file_pages": 216, "mbind": 237, "set_mempolicy": 238, "mincore": 27, "mlockall": 151, "mlock2": 325, "pkey_alloc": 330,
    "io_setup": 206, "lookup_dcookie": 212, "uselib": 134, "ustat": 136, "sysfs": 139, "vhangup": 153, "nfsservctl": 180, "signalfd4": 289,
    "landlock_create_ruleset": 444, "cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455,
    "futex_requeue": 456, "lsm_get_self_attr": 459, "lsm_list_modules": 461, "mseal": 462, "process_mrelease": 448, "futex_waitv": 449,
    "setxattrat": 463, "open_tree_attr": 467, "file_getattr": 468, "mknod": 133, "setxattr": 188, "settimeofday": 164, "adjtimex": 159,
    "clock_settime": 227, "sethostname": 170, "setdomainname": 171, "rseq_slice": 471, "beyond": 600,
}
for name, number in numbers.items():
    result = call(number, at, at, at, at, at, at)
    if result != -1 or ctypes.get_errno() not in (1, 38): print("ESCAPED:", name, result, ctypes.get_errno())
