"""
The fork server: enters the namespaces once, then clones itself for every run.

It speaks with its controller over a SEQPACKET socket, which brings its configuration first. A message of one byte
starts a run (with four descriptors: the specification, standard output, standard error, values) or ends it (``K``);
it answers ``S`` with the wait status and the resources used. It never reads a specification itself, so that a run
can learn nothing of another one. When the controller goes away, everything below ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
from typing import Any, NoReturn

from apps.sandbox.engine import command, confine, kernel, landlock, rootfs, runner, seccomp

READY = b"R"
FAILED = b"F"
MAP = b"M"
SNIPPET = b"P"
COMMAND = b"C"
KILL = b"K"
STATUS = struct.Struct("<cidq")
RUN_DESCRIPTORS = 4
MAX_CONFIG = 1 << 16


def main(control: socket.socket) -> NoReturn:
    """Serve runs until the controller closes its end."""
    walls = _prepare(control)
    gc.collect()
    gc.freeze()
    gc.disable()
    _serve(control, walls)


def _prepare(control: socket.socket) -> confine.Walls:
    config: dict[str, Any] = json.loads(control.recv(MAX_CONFIG))
    try:
        for name in config["preload"]:
            importlib.import_module(name)
        walls = _isolate(control, config)
    except OSError as error:
        control.send(FAILED + json.dumps({"step": error.strerror or str(error), "errno": error.errno}).encode())
        os._exit(1)
    runner.prepare()
    control.send(READY + json.dumps({"landlock": landlock.version()}).encode())
    return walls


def _isolate(control: socket.socket, config: dict[str, Any]) -> confine.Walls:
    def map_identity() -> None:
        control.send(MAP)
        if control.recv(1) != MAP:
            raise OSError(1, "write the identity maps")

    # The filters and the ruleset are made here, once: a run only applies them.
    snippet = kernel.filter_prepare(seccomp.filter_program(processes=False))
    commands = kernel.filter_prepare(seccomp.filter_program(processes=True))
    rootfs.namespaces_enter(map_identity)
    readable = rootfs.root_build(binds=config["binds"], hidden=config["hidden"], interpreter=config["interpreter"])
    _become_first_process(control)
    ruleset = landlock.ruleset(
        read_only=readable,
        writable=[rootfs.SCRATCH_PARENT, *(f"/dev/{name}" for name in rootfs.DEVICES)],
    )
    kernel.bounding_set_clear()
    return confine.Walls(ruleset, snippet, commands)


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


def _serve(control: socket.socket, walls: confine.Walls) -> NoReturn:
    cloner = kernel.Cloner(kernel.NEWPID | kernel.NEWNS)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, RUN_DESCRIPTORS)
        if not message:
            os._exit(0)
        if message == KILL or len(descriptors) != RUN_DESCRIPTORS:
            for fd in descriptors:
                os.close(fd)
            continue
        pid, pidfd = cloner.clone()
        if pid == 0:
            run = runner.run if message == SNIPPET else command.run
            run(descriptors[0], descriptors[1], descriptors[2], descriptors[3], walls)
        for fd in descriptors:
            os.close(fd)
        _watch(control, pid, pidfd)


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
