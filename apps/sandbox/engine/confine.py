"""What a run is given, and what it must keep to."""

from __future__ import annotations

import marshal
import os
import struct
from typing import Any, NamedTuple

from apps.sandbox.engine import kernel

HEAD = struct.Struct("<8I")
PLAIN = 2  # the format of marshal in which nothing is shared: two equal arguments stay two
VALUES_FD, SPEC_FD = 3, 4
SNIPPET, COMMAND, NETWORKED = b"P", b"C", b"L"  # the kinds of run
KILL = b"K"
STATUS = struct.Struct("<cidq")
DESCRIPTORS = 5
SPARE = 32  # above every number that is given out


class Caps(NamedTuple):
    cpu_s: int
    memory_mb: int
    processes: int
    files: int
    file_mb: int
    disk_mb: int
    inodes: int


class Given(NamedTuple):
    """What a run gets from outside: descriptors in the order in which they are sent, and whether it has a loopback."""

    spec: int
    stdin: int
    stdout: int
    stderr: int
    values: int
    is_networked: bool = False


class Walls(NamedTuple):
    """Prepared once by the zygote: the Landlock rulesets and the filters."""

    ruleset: int | None
    networked_ruleset: int | None
    snippet: kernel.FilterProgram
    command: kernel.FilterProgram
    networked: kernel.FilterProgram

    def of_command(self, given: Given) -> tuple[int | None, kernel.FilterProgram]:
        return (self.networked_ruleset, self.networked) if given.is_networked else (self.ruleset, self.command)


class Program(NamedTuple):
    """A command before it starts: where the program may be, in order, and what it is started with."""

    paths: list[str]
    argv: list[str]
    env: dict[str, str]
    caps: Caps
    given: Given


def spec_pack(caps: Caps, body: dict[str, Any]) -> bytes:
    """Return a specification: the limits, the size of the body, the body (plain data)."""
    data = marshal.dumps(body, PLAIN)
    return HEAD.pack(*caps, len(data)) + data


def spec_read(fd: int) -> tuple[dict[str, Any], int]:
    """Return the body of a specification, and where what follows it begins."""
    size: int = HEAD.unpack(os.pread(fd, HEAD.size, 0))[-1]
    body: dict[str, Any] = marshal.loads(os.pread(fd, size, HEAD.size))  # noqa: S302 - our own controller wrote it
    return body, HEAD.size + size


def caps_read(spec_fd: int) -> Caps:
    """Return the limits of a run."""
    return Caps(*HEAD.unpack(os.pread(spec_fd, HEAD.size, 0))[:-1])
