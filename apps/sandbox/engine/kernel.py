"""Thin, checked bindings of the Linux calls that Python does not offer."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from collections.abc import Iterable

from apps.sandbox.engine import syscalls

NEWNS = 0x00020000
NEWCGROUP = 0x02000000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000
CLONE_PIDFD = 0x00001000

MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_NOATIME = 1024
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4
ATTR_NOEXEC = 8

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
AF_INET = SOCK_DGRAM = 2
SIOCSIFFLAGS = 0x8914
IFF_UP = 1

# PyDLL keeps the interpreter lock across the call: after a raw clone the child must own it.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_NO_CAPABILITIES = bytes(24)
_CAPABILITY_HEADER = struct.pack("Ii", 0x20080522, 0)


class MountAttributes(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int, what: str) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), f"unshare {what}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if part is None else part.encode() for part in (source, target, kind, data)]
    _checked(
        _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]), f"mount {kind} {target}"
    )


def unmount(target: str) -> None:
    """Take away what is mounted at ``target``; what is open in it stays until it is closed."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def tree_clone(path: str) -> int:
    """Return a descriptor of a detached copy of the mounts at ``path``."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
    return _checked(
        _libc.syscall(syscalls.OPEN_TREE, AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags)), f"open_tree {path}"
    )


def tree_restrict(fd: int, attributes: int) -> None:
    """Add mount attributes to every mount of a detached tree."""
    wanted = MountAttributes(attributes, 0, 0, 0)
    result = _libc.syscall(
        syscalls.MOUNT_SETATTR,
        fd,
        b"",
        ctypes.c_uint(AT_EMPTY_PATH | AT_RECURSIVE),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )
    _checked(result, "mount_setattr")


def tree_attach(fd: int, target: str) -> None:
    result = _libc.syscall(
        syscalls.MOVE_MOUNT, fd, b"", AT_FDCWD, os.fsencode(target), ctypes.c_uint(MOVE_MOUNT_F_EMPTY_PATH)
    )
    _checked(result, f"move_mount {target}")


def mount_restrict(path: str, attributes: int) -> None:
    """Add mount attributes to the one mount at ``path``."""
    wanted = MountAttributes(attributes, 0, 0, 0)
    result = _libc.syscall(
        syscalls.MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(path),
        ctypes.c_uint(0),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )
    _checked(result, f"mount_setattr {path}")


def root_replace(new_root: str) -> None:
    """Make ``new_root`` the root of this mount namespace and let go of the old one."""
    os.chdir(new_root)
    _checked(_libc.syscall(syscalls.PIVOT_ROOT, b".", b"."), "pivot_root")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount old root")
    os.chdir("/")


def prctl(option: int, value: int = 0) -> None:
    arguments = [ctypes.c_ulong(part) for part in (option, value, 0, 0, 0)]
    _checked(_libc.prctl(*arguments), f"prctl {option}")


def bounding_set_clear() -> None:
    """Drop every capability that an exec could otherwise regain."""
    for capability in range(64):
        if _libc.prctl(ctypes.c_ulong(PR_CAPBSET_DROP), ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3) < 0:
            return  # past the last capability this kernel knows


def capabilities_drop() -> None:
    _checked(_libc.capset(_CAPABILITY_HEADER, _NO_CAPABILITIES), "capset")


def hostname_set(name: bytes) -> None:
    _checked(_libc.sethostname(name, ctypes.c_size_t(len(name))), "sethostname")


def loopback_up() -> None:
    """Bring up the loopback interface of this network namespace; a new one has no other."""
    any_socket = _checked(_libc.socket(AF_INET, SOCK_DGRAM, 0), "socket")
    request = struct.pack("16sh22x", b"lo", IFF_UP)
    _checked(_libc.ioctl(any_socket, ctypes.c_ulong(SIOCSIFFLAGS), request), "bring up the loopback")
    os.close(any_socket)


def filter_prepare(program: bytes) -> FilterProgram:
    return FilterProgram(len(program) // 8, program)


def filter_apply(program: FilterProgram) -> None:
    _checked(_libc.syscall(syscalls.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(program)), "seccomp")


def _processors_allow(processors: Iterable[int]) -> None:
    try:
        os.sched_setaffinity(0, processors)
    except OSError:  # somebody took these processors away meanwhile: it only makes a difference in time
        return


class Cloner:
    """Clones this single-threaded process with new namespaces; all its memory is allocated once, before."""

    def __init__(self, flags: int) -> None:
        self._flags = ctypes.c_ulong(flags | CLONE_PIDFD | signal.SIGCHLD)
        self._pidfd = (ctypes.c_int * 1)(-1)
        self._pidfd_address = ctypes.c_void_p(ctypes.addressof(self._pidfd))
        self._zero = ctypes.c_ulong(0)

    def clone(self) -> tuple[int, int]:
        """
        Return (pid, pidfd) in the parent and (0, -1) in the child.

        The interpreter's own hooks around a fork are left out: they mend what other threads held, and there are none.
        The child starts on the processor of its parent, which will wait for it: to wake another takes longer.
        """
        allowed = os.sched_getaffinity(0)
        _processors_allow((_libc.sched_getcpu(),))
        pid: int = _libc.syscall(syscalls.CLONE, self._flags, None, self._pidfd_address, None, self._zero)
        _processors_allow(allowed)
        if pid == 0:
            return 0, -1
        if pid < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"clone: {os.strerror(number)}")
        return pid, self._pidfd[0]
