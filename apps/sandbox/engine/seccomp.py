"""
The system call filters, as classic BPF programs.

A call of another architecture (32-bit) or of the x32 table kills the process, so that no second numbering slips
past the list. What is not listed is refused with EPERM.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

from apps.sandbox.engine import syscalls

LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
RETURN = 0x06

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS

NUMBER, ARCH, ARG0, ARG1, ARG2, ARG3 = 0, 4, 16, 24, 32, 40

CLONE_THREAD = 0x00010000
NAMESPACE_FLAGS = 0x7E020000 | 0x80  # mount, cgroup, uts, ipc, user, pid, net; time
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
PRCTLS = (1, 3, 15, 16, 38, 39, 0x53564D41)  # death signal, get dumpable, names, no-new-privs, memory names
# Descriptors, flags and locks; not leases, nor notices of what others do in a folder, nor larger pipes.
FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
STREAM, DATAGRAM, SEQPACKET = 1, 2, 5
ALL_BITS, SOCKET_TYPE = 0xFFFFFFFF, 0xF  # what is above are flags
PROTOCOLS = (0, 6, 17)  # the default, TCP, UDP: asking for another one may load a module of the kernel
OPTION_LEVELS = (0, 1, 6, 41)  # IP, sockets, TCP, IPv6
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20

Instruction = tuple[int, int, int, int]


def _one_of(number: int, argument: int, allowed: Iterable[int]) -> list[Instruction]:
    """Allow ``number`` when the low half of ``argument`` is one of ``allowed``, refuse it otherwise."""
    body: list[Instruction] = [(LOAD, 0, 0, argument)]
    values = tuple(allowed)
    body += [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    body += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return [(EQUAL, 0, len(body), number), *body]


def _clone(*, processes: bool) -> list[Instruction]:
    """Allow threads, and processes when asked, but never a new namespace."""
    body: list[Instruction] = [(LOAD, 0, 0, ARG0), (ANY_BIT, 0, 1, NAMESPACE_FLAGS), (RETURN, 0, 0, REFUSE)]
    if not processes:
        body += [(ANY_BIT, 1, 0, CLONE_THREAD), (RETURN, 0, 0, REFUSE)]
    body.append((RETURN, 0, 0, ALLOW))
    return [(EQUAL, 0, len(body), syscalls.CLONE), *body]


def _socket() -> list[Instruction]:
    """Allow local, TCP and UDP sockets."""
    body: list[Instruction] = []
    for argument, mask, allowed in (
        (ARG0, ALL_BITS, (AF_UNIX, AF_INET, AF_INET6)),
        (ARG1, SOCKET_TYPE, (STREAM, DATAGRAM, SEQPACKET)),
        (ARG2, ALL_BITS, PROTOCOLS),
    ):
        body += [(LOAD, 0, 0, argument), (AND, 0, 0, mask)]
        body += [(EQUAL, len(allowed) - i, 0, value) for i, value in enumerate(allowed)]
        body.append((RETURN, 0, 0, REFUSE))
    body.append((RETURN, 0, 0, ALLOW))
    return [(EQUAL, 0, len(body), syscalls.SOCKET), *body]


def _mmap() -> list[Instruction]:
    """
    Allow every mapping but memory shared without a file: it belongs to no process's own memory, and can be held by
    one that never touches it, so that the memory of a command could not be measured.
    """
    body: list[Instruction] = [(LOAD, 0, 0, ARG3), (ANY_BIT, 0, 2, MAP_SHARED), (ANY_BIT, 0, 1, MAP_ANONYMOUS)]
    body += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return [(EQUAL, 0, len(body), syscalls.MMAP), *body]


def _segments(numbers: set[int]) -> list[tuple[int, bool]]:
    """Cut all numbers from 0 on into runs that are allowed or not: where each begins, and which it is."""
    starts = [n for n in range(max(numbers) + 2) if n == 0 or (n in numbers) != (n - 1 in numbers)]
    return [(start, start in numbers) for start in starts]


def _search(segments: list[tuple[int, bool]], after: int = 0) -> list[Instruction]:
    """
    Find the segment of a number by halving, then jump to one of the two verdicts (refuse, allow) at the end.

    The kernel tries the filter on every number when it is set, and that is once a run. ``after`` is how many
    instructions stand between these and the verdicts.
    """
    if len(segments) == 1:
        return []
    middle = len(segments) // 2
    (_, first_allowed), (start, allowed) = segments[0], segments[middle]
    above = _search(segments[middle:], after)
    below = _search(segments[:middle], len(above) + after)
    if_at_least = len(below) if above else len(below) + after + allowed
    otherwise = 0 if below else len(above) + after + first_allowed
    return [(AT_LEAST, if_at_least, otherwise, start), *below, *above]


def filter_program(*, processes: bool, sockets: bool) -> bytes:
    """
    Assemble the filter: for snippets (no ``processes``: no fork, no exec), commands, or commands with ``sockets``.

    :return: an array of ``struct sock_filter``.
    """
    allowed = set(syscalls.COMMON.values())
    if processes:
        allowed |= set(syscalls.COMMAND_ONLY.values())
    if sockets:
        allowed |= set(syscalls.NETWORKED_ONLY.values())
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, syscalls.AUDIT_ARCH_X86_64),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, syscalls.X32_BIT),
        (RETURN, 0, 0, KILL_PROCESS),
        # clone3 passes its flags by pointer, which a filter cannot read: the C library falls back to clone.
        (EQUAL, 0, 1, syscalls.CLONE3),
        (RETURN, 0, 0, UNKNOWN),
    ]
    code += _clone(processes=processes)
    code += _one_of(syscalls.IOCTL, ARG1, IOCTLS)
    code += _one_of(syscalls.PRCTL, ARG0, PRCTLS)
    code += _one_of(syscalls.FCNTL, ARG1, FCNTLS)
    code += _one_of(syscalls.PRLIMIT64, ARG0, (0,))  # its own limits, not those of the trusted first process
    code += _one_of(syscalls.SOCKETPAIR, ARG0, (AF_UNIX,))
    if processes:
        code += _mmap()
    if sockets:
        code += _socket()
        code += _one_of(syscalls.SETSOCKOPT, ARG1, OPTION_LEVELS)
    code += [*_search(_segments(allowed)), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)
