"""The system call filters, tried on every number."""

from __future__ import annotations

import struct

import pytest

from apps.sandbox.engine import seccomp, syscalls
from apps.sandbox.engine.seccomp import ALLOW, KILL_PROCESS, REFUSE, UNKNOWN

I386 = 0x40000003
PROFILES = ((False, False), (True, False), (True, True))


def verdict(program: bytes, number: int, *, arch: int = syscalls.AUDIT_ARCH_X86_64, words: bytes = bytes(48)) -> int:
    """Run a filter as the kernel does, on a call whose arguments are ``words``."""
    code = list(struct.iter_unpack("HBBI", program))
    data = struct.pack("II", number, arch) + bytes(8) + words
    accumulator = at = 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case seccomp.LOAD:
                (accumulator,) = struct.unpack_from("I", data, operand)
            case seccomp.AND:
                accumulator &= operand
            case seccomp.RETURN:
                return operand
            case seccomp.EQUAL:
                at += if_true if accumulator == operand else if_false
            case seccomp.AT_LEAST:
                at += if_true if accumulator >= operand else if_false
            case seccomp.ANY_BIT:
                at += if_true if accumulator & operand else if_false
            case _:
                raise AssertionError(operation)


def listed(*, processes: bool, sockets: bool) -> set[int]:
    numbers = set(syscalls.COMMON.values())
    numbers |= set(syscalls.COMMAND_ONLY.values()) if processes else set()
    return numbers | (set(syscalls.NETWORKED_ONLY.values()) if sockets else set())


@pytest.mark.parametrize(("processes", "sockets"), PROFILES)
def test_exactly_what_is_listed_is_allowed(processes: bool, sockets: bool) -> None:
    program = seccomp.filter_program(processes=processes, sockets=sockets)
    looked_into = {syscalls.CLONE, syscalls.IOCTL, syscalls.PRCTL, syscalls.FCNTL, syscalls.PRLIMIT64}
    looked_into |= {syscalls.SOCKETPAIR, syscalls.SOCKET, syscalls.SETSOCKOPT, syscalls.CLONE3}
    found = {number for number in range(2048) if verdict(program, number) == ALLOW}
    assert found - looked_into == listed(processes=processes, sockets=sockets) - looked_into
    refused = {verdict(program, number) for number in range(2048)} - {ALLOW}
    assert refused == {REFUSE, UNKNOWN}
    assert verdict(program, syscalls.X32_BIT - 1) == REFUSE


@pytest.mark.parametrize(("processes", "sockets"), PROFILES)
def test_another_architecture_or_table_is_the_end(processes: bool, sockets: bool) -> None:
    program = seccomp.filter_program(processes=processes, sockets=sockets)
    assert {verdict(program, number, arch=I386) for number in range(512)} == {KILL_PROCESS}
    assert {verdict(program, number | syscalls.X32_BIT) for number in range(512)} == {KILL_PROCESS}
    assert verdict(program, 0xFFFFFFFF) == KILL_PROCESS


def test_new_namespaces_are_refused_and_processes_where_none_may_be() -> None:
    def clone(flags: int, *, processes: bool) -> int:
        program = seccomp.filter_program(processes=processes, sockets=False)
        return verdict(program, syscalls.CLONE, words=struct.pack("6Q", flags, 0, 0, 0, 0, 0))

    assert clone(seccomp.CLONE_THREAD, processes=False) == ALLOW
    assert clone(17, processes=False) == REFUSE
    assert clone(17, processes=True) == ALLOW
    for bit in range(32):
        if seccomp.NAMESPACE_FLAGS & 1 << bit:
            assert clone(seccomp.CLONE_THREAD | 1 << bit, processes=True) == REFUSE
