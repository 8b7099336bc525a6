"""
Inside: runs one command under a trusted first process.

The first process keeps the values pipe to itself, so the files and the status it reports cannot be forged. It ends
every other process before it looks at what they left behind.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quote
from typing import Any, NoReturn

from apps.sandbox.engine import confine, kernel, rootfs, runner

REHEARSAL: dict[str, Any] = {"argv": ["not-there"], "env": {"PATH": "/bin:/usr/bin", "HOME": "/", "LANG": "C.UTF-8"}}
REHEARSAL_CAPS = confine.Caps(cpu_s=1, memory_mb=1, processes=1, files=64, file_mb=0, disk_mb=0, inodes=0)
CarryOut = Callable[[confine.Program, confine.Walls], int]


def run(given: confine.Given, walls: confine.Walls, carry_out: CarryOut) -> NoReturn:
    """Become the first process of the run, and ``carry_out`` its command: never returns."""
    stage = "setup"
    try:
        spec, contents_at = confine.spec_read(given.spec)
        caps = confine.caps_read(given.spec)
        if given.is_networked:
            kernel.loopback_up()
        stage = "refused"
        _files_write(given.spec, spec["files"], contents_at)
        os.write(given.values, runner.say("started", ""))
        stage = "failed"
        status = carry_out(_program(spec, caps, given), walls)
        _collect(given.values, status, spec["collect"], spec["collect_bytes"])
    except BaseException as error:  # noqa: BLE001 - reported outside, then the process ends
        os.write(given.values, runner.say(stage, f"{type(error).__name__}: {error}"))
        os._exit(1)
    os._exit(0)


def rehearse(walls: confine.Walls, carry_out: CarryOut) -> None:
    """Go through what the first process does, with a program that is not there: see :func:`runner.rehearse`."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for _ in range(runner.REHEARSALS):
        given = confine.Given(nothing, nothing, os.dup(nothing), os.dup(nothing), nothing)
        _collect(nothing, carry_out(_program(REHEARSAL, REHEARSAL_CAPS, given), walls), [], 0)
    os.close(nothing)


def _files_write(spec_fd: int, files: list[list[Any]], at: int) -> None:
    for name, size in files:
        parent = os.path.dirname(name)
        if parent:
            os.makedirs(parent, mode=0o755, exist_ok=True)
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        done = 0
        while done < size:
            done += os.sendfile(fd, spec_fd, at + done, size - done)
        os.close(fd)
        at += size


def _program(spec: dict[str, Any], caps: confine.Caps, given: confine.Given) -> confine.Program:
    argv, env = spec["argv"], spec["env"]
    folders = [""] if "/" in argv[0] else env.get("PATH", os.defpath).split(os.pathsep)
    return confine.Program([os.path.join(folder, argv[0]) for folder in folders], argv, env, caps, given)


def _collect(values_fd: int, status: int, names: list[str], budget: int) -> None:
    """Send a line of JSON that describes the files, then their contents one after another."""
    found: list[tuple[str, bytes]] = []
    for name in names:
        content = _read_inside(name, budget)
        if content is not None:
            budget -= len(content)
            found.append((name, content))
    files = ",".join(f"[{quote(name)},{len(content)}]" for name, content in found)
    header = f'{{"status":{status},"files":[{files}]}}\n'.encode()
    data = memoryview(header + b"".join(content for _, content in found))
    while data:
        data = data[os.write(values_fd, data) :]


def _read_inside(name: str, budget: int) -> bytes | None:
    """Read a regular file below the scratch directory, following no link in any part of its name."""
    fd = os.open(rootfs.SCRATCH, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    *folders, last = name.split("/")
    try:
        for folder in folders:
            inner = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            os.close(fd)
            fd = inner
        inner = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        os.close(fd)
        fd = inner
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > budget:
            return None
        return os.read(fd, facts.st_size)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EACCES):
            return None
        raise
    finally:
        os.close(fd)
