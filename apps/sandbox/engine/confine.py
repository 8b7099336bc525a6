"""What a process does to itself, for good, just before it runs code nobody trusts."""

from __future__ import annotations

import fcntl
import marshal
import os
import resource
import struct
from typing import Any, NamedTuple

from apps.sandbox.engine import kernel, landlock, rootfs

MB = 1 << 20
HEAD = struct.Struct("<8I")
PLAIN = 2  # the format of marshal in which nothing is shared: two equal arguments stay two
VALUES_FD, SPEC_FD = 3, 4
SNIPPET, COMMAND, NETWORKED = b"P", b"C", b"L"  # the kinds of run
DESCRIPTORS = 5
SPARE = 32  # above every number that is given out


class Walls(NamedTuple):
    """Prepared once by the zygote: the Landlock rulesets and the filters."""

    ruleset: int | None
    networked_ruleset: int | None
    snippet: kernel.FilterProgram
    command: kernel.FilterProgram
    networked: kernel.FilterProgram


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


def snippet_confine(given: Given, walls: Walls) -> None:
    """Put this process behind all walls, with the descriptors 0 to 4 left: streams, values, specification."""
    caps = caps_read(given.spec)
    os.setsid()  # a signal to one's own process group also reaches those outside the pid namespace
    scratch_mount(caps)
    kept = [given.stdin, given.stdout, given.stderr, given.values, given.spec]
    ruleset = descriptors_keep(kept, walls.ruleset)
    privileges_drop(caps, ruleset, walls.snippet)


def scratch_mount(caps: Caps) -> None:
    """Mount an empty, bounded scratch file system; it goes with this run's mount namespace."""
    options = f"size={caps.disk_mb}m,nr_inodes={caps.inodes},mode=700,uid={rootfs.INNER_ID},gid={rootfs.INNER_ID}"
    kernel.mount("tmpfs", rootfs.SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.chdir(rootfs.SCRATCH)


def limits_set(caps: Caps) -> None:
    for which, value in (
        # One, not zero: only this value also keeps a crash from the host's own crash handler.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
        (resource.RLIMIT_STACK, 8 * MB),
        (resource.RLIMIT_CPU, caps.cpu_s),
        (resource.RLIMIT_NPROC, caps.processes),
        (resource.RLIMIT_NOFILE, caps.files),
        (resource.RLIMIT_FSIZE, caps.file_mb * MB),
        (resource.RLIMIT_AS, caps.memory_mb * MB),
    ):
        resource.setrlimit(which, (value, value))


def descriptors_keep(keep: list[int], ruleset: int | None) -> int | None:
    """
    Make ``keep`` the descriptors 0, 1, 2, ... and close all others but the ruleset, whose new number is returned.
    """
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, SPARE) for fd in keep]
    ruleset = None if ruleset is None else fcntl.fcntl(ruleset, fcntl.F_DUPFD, SPARE)
    for number, fd in enumerate(moved):
        os.dup2(fd, number)
    first_free = len(keep)
    if ruleset is not None:
        os.dup2(ruleset, first_free, inheritable=False)
        ruleset, first_free = first_free, first_free + 1
    os.closerange(first_free, 1 << 16)
    return ruleset


def privileges_drop(caps: Caps, ruleset: int | None, program: kernel.FilterProgram) -> None:
    """Give up capabilities, the file system and system calls. The limits come first: later nothing may be raised."""
    limits_set(caps)
    kernel.capabilities_drop()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    if ruleset is not None:
        landlock.restrict_self(ruleset)
        os.close(ruleset)
    kernel.filter_apply(program)
