"""Landlock: a second wall around the file system, for kernels that have it (5.13 and newer)."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from apps.sandbox.engine import syscalls

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15
READ_ONLY = EXECUTE | READ_FILE | READ_DIR
FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
TCP_BIND_AND_CONNECT = 3
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
RULE_PATH_BENEATH = 1
CREATE_RULESET_VERSION = 1

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def version() -> int:
    """Return the Landlock version of this kernel, 0 when it has none or it is turned off."""
    found: int = _libc.syscall(
        syscalls.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(CREATE_RULESET_VERSION)
    )
    return max(found, 0)


def _handled(abi: int) -> int:
    bits = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    return (1 << bits) - 1


def ruleset(*, read_only: Iterable[str], writable: Iterable[str], tcp: bool) -> int | None:
    """
    Build a ruleset that allows reading below ``read_only``, everything below ``writable``, and TCP where asked for.

    :return: its descriptor, or None when the kernel has no Landlock.
    :raises OSError: the kernel has Landlock and refuses the rules.
    """
    abi = version()
    if abi < 1:
        return None
    handled = _handled(abi)
    handled_tcp = TCP_BIND_AND_CONNECT if abi >= 4 and not tcp else 0
    scoped = SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0
    attributes = struct.pack("QQQ", handled, handled_tcp, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    fd: int = _libc.syscall(syscalls.LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for path in read_only:
        _allow(fd, path, READ_ONLY & handled)
    for path in writable:
        _allow(fd, path, handled)
    return fd


def _allow(ruleset_fd: int, path: str, access: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= FILE_ONLY
        rule = struct.pack("=Qi", access, fd)
        if _libc.syscall(syscalls.LANDLOCK_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, rule, ctypes.c_uint(0)) < 0:
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(fd)


def restrict_self(ruleset_fd: int) -> None:
    """Enforce the ruleset on this process and its descendants, for good."""
    if _libc.syscall(syscalls.LANDLOCK_RESTRICT_SELF, ruleset_fd, ctypes.c_uint(0)) < 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
