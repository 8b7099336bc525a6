"""The fork server in Python, for a machine without a compiler: what ``native/forkserver.c`` does, step by step."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import select
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

from apps.sandbox.engine import confine, kernel, landlock, rootfs, runner, scratch
from apps.sandbox.engine.confine import KILL, STATUS

MB = 1 << 20
NOT_FOUND = 127


class Plain:
    """See :class:`zygote.Server`."""

    def __init__(self) -> None:
        self._alone = kernel.Cloner(kernel.NEWPID)
        self._networked = kernel.Cloner(kernel.NEWPID | kernel.NEWNET)

    def serve(self, control: int, walls: confine.Walls) -> confine.Given | None:
        messages, shared = socket.socket(fileno=control), scratch.Scratch()
        while True:
            message, descriptors, _, _ = socket.recv_fds(messages, 16, confine.DESCRIPTORS)
            if not message:
                os._exit(0)
            if message == KILL or len(descriptors) != confine.DESCRIPTORS:
                for fd in descriptors:
                    os.close(fd)
                continue
            given = confine.Given._make((*descriptors, message == confine.NETWORKED))
            is_snippet = message == confine.SNIPPET
            unprepared = shared.prepare(given.spec)
            pid, pidfd = (self._networked if given.is_networked else self._alone).clone()
            if pid == 0:
                _begin(given, walls, unprepared, _snippet_confine if is_snippet else _command_begin)
                return None if is_snippet else given
            for fd in descriptors:
                os.close(fd)
            _watch(messages, pid, pidfd)
            shared.check()

    def carry_out(self, program: confine.Program, walls: confine.Walls) -> int:
        if os.getpid() != 1:
            raise OSError(errno.EPERM, "what ends the others would reach everybody")
        pid = os.fork()
        if pid == 0:
            _become(program, walls)
        os.close(program.given.stdout)
        os.close(program.given.stderr)
        status = _wait_for(pid)
        _everyone_else_ends()
        return status


def _begin(
    given: confine.Given,
    walls: confine.Walls,
    unprepared: OSError | None,
    how: Callable[[confine.Given, confine.Walls], None],
) -> None:
    try:
        if unprepared:
            raise unprepared
        os.chdir(rootfs.SCRATCH)
        how(given, walls)
    except BaseException as error:  # noqa: BLE001 - reported outside as a failure of the sandbox, then the process ends
        runner.setup_failed(given.values, error)


def _watch(control: socket.socket, pid: int, pidfd: int) -> None:
    """Wait for the run to end; end it when the controller says so or goes away."""
    events = select.poll()
    events.register(pidfd, select.POLLIN)
    events.register(control, select.POLLIN)
    ended = False
    while not ended:
        for fd, _ in events.poll():
            if fd == pidfd:
                ended = True
            elif control.recv(16) == KILL:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            else:
                os._exit(0)
    _, status, used = os.wait4(pid, 0)
    os.close(pidfd)
    control.send(STATUS.pack(b"S", status, used.ru_utime + used.ru_stime, used.ru_maxrss))


def _command_begin(_given: confine.Given, _walls: confine.Walls) -> None:
    """Begin the first process of a command: no signal reaches it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the only one with a handler, so the only one that could arrive


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


def _snippet_confine(given: confine.Given, walls: confine.Walls) -> None:
    """Put this process behind all walls, with the descriptors 0 to 4 left: streams, values, specification."""
    caps = confine.caps_read(given.spec)
    os.setsid()  # a signal to one's own process group also reaches those outside the pid namespace
    kept = [given.stdin, given.stdout, given.stderr, given.values, given.spec]
    ruleset = _descriptors_keep(kept, walls.ruleset)
    _privileges_drop(caps, ruleset, walls.snippet)


def _limits_set(caps: confine.Caps) -> None:
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


def _descriptors_keep(keep: list[int], ruleset: int | None) -> int | None:
    """
    Make ``keep`` the descriptors 0, 1, 2, ... and close all others but the ruleset, whose new number is returned.
    """
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, confine.SPARE) for fd in keep]
    ruleset = None if ruleset is None else fcntl.fcntl(ruleset, fcntl.F_DUPFD, confine.SPARE)
    for number, fd in enumerate(moved):
        os.dup2(fd, number)
    first_free = len(keep)
    if ruleset is not None:
        os.dup2(ruleset, first_free, inheritable=False)
        ruleset, first_free = first_free, first_free + 1
    os.closerange(first_free, 1 << 16)
    return ruleset


def _privileges_drop(caps: confine.Caps, ruleset: int | None, program: kernel.FilterProgram) -> None:
    """Give up capabilities, the file system and system calls. The limits come first: later nothing may be raised."""
    _limits_set(caps)
    kernel.capabilities_drop()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    if ruleset is not None:
        landlock.restrict_self(ruleset)
        os.close(ruleset)
    kernel.filter_apply(program)


def _become(program: confine.Program, walls: confine.Walls) -> NoReturn:
    given = program.given
    rules, calls = walls.of_command(given)
    try:
        ruleset = _descriptors_keep([given.stdin, given.stdout, given.stderr], rules)
        os.setsid()
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _privileges_drop(program.caps, ruleset, calls)
        _execute(program)
    except BaseException as error:  # noqa: BLE001 - a process that could not become the command must not go on
        reason = error.strerror if isinstance(error, OSError) else str(error)
        os.write(2, f"{program.argv[0]}: {reason}\n".encode("utf-8", "backslashreplace"))
        os._exit(NOT_FOUND)


def _execute(program: confine.Program) -> NoReturn:
    failed: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in program.paths:
        try:
            os.execve(path, program.argv, program.env)  # noqa: S606 - no shell is the point
        except (FileNotFoundError, NotADirectoryError):
            continue
        except UnicodeEncodeError:
            failed = OSError(errno.EILSEQ, os.strerror(errno.EILSEQ))
        except OSError as error:
            failed = error
    raise failed
