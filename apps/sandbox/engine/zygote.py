"""
The fork server: enters the namespaces once, then clones itself for every run.

It speaks with its controller over a SEQPACKET socket, which brings its configuration first. A message of one byte
starts a run (with the descriptors of :class:`confine.Given`) or ends it (``K``); it answers ``S`` with the wait
status and the resources used. It never reads a specification itself, so that a run can learn nothing of another one.
When the controller goes away, everything below ends.

Every run starts from the same state, the seed of ``random`` and of text hashes included, so that a run can be repeated.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import struct
from typing import Any, NoReturn

from apps.sandbox.engine import accelerator, command, confine, kernel, landlock, rootfs, runner, seccomp

READY = b"R"
FAILED = b"F"
MAP = b"M"
KILL = b"K"
STATUS = struct.Struct("<cidq")
MAX_CONFIG = 1 << 16


def main(control: socket.socket) -> NoReturn:
    """Serve runs until the controller closes its end."""
    control = _out_of_the_way(control)
    config: dict[str, Any] = json.loads(control.recv(MAX_CONFIG))
    library = accelerator.load(config["accelerator"]) if config["accelerator"] else None
    walls = _prepare(control, config)
    accelerated = accelerator.Accelerator(library, control.fileno(), walls) if library else None
    gc.collect()
    gc.freeze()
    gc.disable()
    control.send(READY + json.dumps({"landlock": landlock.version()}).encode())
    given = accelerated.serve() if accelerated else _serve(control, walls)
    if given is None:
        runner.run()
    command.run(given, walls)


def _out_of_the_way(control: socket.socket) -> socket.socket:
    """Return the same socket under a number that no run uses."""
    moved = fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, confine.SPARE)
    control.close()
    return socket.socket(fileno=moved)


def _prepare(control: socket.socket, config: dict[str, Any]) -> confine.Walls:
    try:
        for name in config["preload"]:
            importlib.import_module(name)
        runner.prepare()
        runner.rehearse()
        walls = _isolate(control, config)
    except (OSError, ImportError) as error:
        step = (error.strerror if isinstance(error, OSError) else None) or str(error)
        control.send(FAILED + json.dumps({"step": step}).encode())
        os._exit(1)
    random.seed(0)  # last: a fork seeds it anew
    return walls


def _isolate(control: socket.socket, config: dict[str, Any]) -> confine.Walls:
    def map_identity() -> None:
        control.send(MAP)
        if control.recv(1) != MAP:
            raise OSError(1, "write the identity maps")

    # The filters and the ruleset are made here, once: a run only applies them.
    snippet, command_, networked = (
        kernel.filter_prepare(seccomp.filter_program(processes=processes, sockets=sockets))
        for processes, sockets in ((False, False), (True, False), (True, True))
    )
    rootfs.namespaces_enter(map_identity)
    readable = rootfs.root_build(binds=config["binds"], hidden=config["hidden"], interpreter=config["interpreter"])
    _become_first_process(control)
    writable = [rootfs.SCRATCH_PARENT, *(f"/dev/{name}" for name in rootfs.DEVICES)]
    ruleset = landlock.ruleset(read_only=readable, writable=writable, tcp=False)
    networked_ruleset = landlock.ruleset(read_only=readable, writable=writable, tcp=True)
    kernel.bounding_set_clear()
    return confine.Walls(ruleset, networked_ruleset, snippet, command_, networked)


def _become_first_process(control: socket.socket) -> None:
    """Fork into the new pid namespace; the parent only waits, and takes everything with it when it ends."""
    parent_alive, parent_end = os.pipe()
    pid = os.fork()
    if pid:
        control.close()
        os.close(parent_alive)
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.close(parent_end)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([parent_alive], [], [], 0)[0]:
        os._exit(1)  # the parent ended before the death signal was set
    os.close(parent_alive)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def _serve(control: socket.socket, walls: confine.Walls) -> confine.Given | None:
    """Do what :meth:`accelerator.Accelerator.serve` does, and ``native/forkserver.c``."""
    alone = kernel.Cloner(kernel.NEWPID | kernel.NEWNS)
    networked = kernel.Cloner(kernel.NEWPID | kernel.NEWNS | kernel.NEWNET)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, confine.DESCRIPTORS)
        if not message:
            os._exit(0)
        if message == KILL or len(descriptors) != confine.DESCRIPTORS:
            for fd in descriptors:
                os.close(fd)
            continue
        is_networked = message == confine.NETWORKED
        pid, pidfd = (networked if is_networked else alone).clone()
        if pid == 0:
            given = confine.Given._make((*descriptors, is_networked))
            if message != confine.SNIPPET:
                return given
            _confine(given, walls)
            return None
        for fd in descriptors:
            os.close(fd)
        _watch(control, pid, pidfd)


def _confine(given: confine.Given, walls: confine.Walls) -> None:
    try:
        confine.snippet_confine(given, walls)
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
