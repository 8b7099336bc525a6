"""
Inside: runs one command under a trusted first process.

The first process keeps the values pipe to itself, so the files and the status it reports cannot be forged. It ends
every other process before it looks at what they left behind.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
from typing import Any, NoReturn

from apps.sandbox.engine import confine, kernel, rootfs, runner

NOT_FOUND = 127


def run(given: confine.Given, walls: confine.Walls) -> NoReturn:
    """Become the first process of the run: never returns."""
    stage = "setup"
    try:
        spec, contents_at = confine.spec_read(given.spec)
        caps = confine.caps_read(given.spec)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the only signal with a handler, so the only one that may arrive
        confine.scratch_mount(caps)
        if given.is_networked:
            kernel.loopback_up()
        stage = "refused"
        _files_write(given.spec, spec["files"], contents_at)
        os.write(given.values, runner.say("started", ""))
        stage = "failed"
        pid = os.fork()
        if pid == 0:
            _become_command(spec, caps, given, walls)
        os.close(given.stdout)
        os.close(given.stderr)
        status = _wait_for(pid)
        _everyone_else_ends()
        _collect(given.values, status, spec["collect"], spec["collect_bytes"])
    except BaseException as error:  # noqa: BLE001 - reported outside, then the process ends
        os.write(given.values, runner.say(stage, f"{type(error).__name__}: {error}"))
        os._exit(1)
    os._exit(0)


def _files_write(spec_fd: int, files: list[list[Any]], at: int) -> None:
    for name, size in files:
        parent = os.path.dirname(name)  # noqa: PTH120 - hot and simple
        if parent:
            os.makedirs(parent, mode=0o755, exist_ok=True)  # noqa: PTH103
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        done = 0
        while done < size:
            done += os.sendfile(fd, spec_fd, at + done, size - done)
        os.close(fd)
        at += size


def _become_command(spec: dict[str, Any], caps: confine.Caps, given: confine.Given, walls: confine.Walls) -> NoReturn:
    rules, calls = (walls.networked_ruleset, walls.networked) if given.is_networked else (walls.ruleset, walls.command)
    try:
        ruleset = confine.descriptors_keep([given.stdin, given.stdout, given.stderr], rules)
        os.setsid()
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        confine.privileges_drop(caps, ruleset, calls)
        argv = spec["argv"]
        os.execvpe(argv[0], argv, spec["env"])  # noqa: S606 - no shell is the point
    except BaseException as error:  # noqa: BLE001 - a process that could not become the command must not go on
        reason = error.strerror if isinstance(error, OSError) else str(error)
        os.write(2, f"{spec['argv'][0]}: {reason}\n".encode("utf-8", "backslashreplace"))
        os._exit(NOT_FOUND)


def _wait_for(pid: int) -> int:
    """Reap whatever ends until the command itself does; return its wait status."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return status


def _everyone_else_ends() -> None:
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _collect(values_fd: int, status: int, names: list[str], budget: int) -> None:
    """Send a line of JSON that describes the files, then their contents one after another."""
    found: list[tuple[str, bytes]] = []
    for name in names:
        content = _read_inside(name, budget)
        if content is not None:
            budget -= len(content)
            found.append((name, content))
    header = {"status": status, "files": [[name, len(content)] for name, content in found]}
    data = memoryview(json.dumps(header).encode() + b"\n" + b"".join(content for _, content in found))
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
