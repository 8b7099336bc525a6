"""
The fork server: enters the namespaces once, then clones itself for every run.

It speaks with its controller over a SEQPACKET socket, which brings its configuration first. A message of one byte
starts a run (with the descriptors of :class:`confine.Given`) or ends it (``K``); it answers ``S`` with the wait
status and the resources used. It never reads a specification itself, so that a run can learn nothing of another one.
When the controller goes away, everything below ends.

Every run starts from the same state, the seed of ``random`` and of text hashes included, so that a run can be repeated.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import signal
from typing import Any, NoReturn, Protocol

from apps.sandbox.engine import accelerator, command, confine, kernel, landlock, rootfs, runner, seccomp

READY = b"R"
FAILED = b"F"
MAP = b"M"
MAX_CONFIG = 1 << 16


class Server(Protocol):
    """What makes the processes of runs: in C or in Python."""

    def serve(self, control: int, walls: confine.Walls) -> confine.Given | None:
        """
        Serve runs until the controller goes away; returns in each child only.

        :return: None in a snippet, which is behind all walls by then; what a command was given, in its first process,
            which no signal reaches.
        :raises OSError: the kernel makes no process.
        """
        ...

    def carry_out(self, program: confine.Program, walls: confine.Walls) -> int:
        """
        Run a command behind all walls, end whatever it left running, and return its wait status.

        :raises OSError: the kernel makes no process, or this is not the first one of a pid namespace.
        """
        ...


def main(control: int) -> NoReturn:
    """Serve runs until the controller closes its end."""
    control = _out_of_the_way(control)
    config: dict[str, Any] = json.loads(os.read(control, MAX_CONFIG))
    server = _server(config["accelerator"])
    walls = _prepare(control, config, server)
    gc.collect()
    gc.freeze()
    gc.disable()
    os.write(control, READY + json.dumps({"landlock": landlock.version()}).encode())
    given = server.serve(control, walls)
    if given is None:
        runner.run()
    command.run(given, walls, server.carry_out)


def _out_of_the_way(control: int) -> int:
    """Give the socket a number that no run uses; nothing else is open yet."""
    if control != confine.SPARE:
        os.dup2(control, confine.SPARE, inheritable=False)
        os.close(control)
    return confine.SPARE


def _server(library: str | None) -> Server:
    """What Python's own needs is imported only where it is used: each run would pay for it."""
    if library is not None:
        return accelerator.Accelerator(library)
    server: Server = importlib.import_module("apps.sandbox.engine.plain").Plain()
    return server


def _prepare(control: int, config: dict[str, Any], server: Server) -> confine.Walls:
    try:
        for name in config["preload"]:
            importlib.import_module(name)
        runner.prepare()
        walls = _isolate(control, config)
        command.rehearse(walls, server.carry_out)
    except (OSError, ImportError) as error:
        step = (error.strerror if isinstance(error, OSError) else None) or str(error)
        os.write(control, FAILED + json.dumps({"step": step}).encode())
        os._exit(1)
    random.seed(0)  # last: a fork seeds it anew
    return walls


def _isolate(control: int, config: dict[str, Any]) -> confine.Walls:
    def map_identity() -> None:
        os.write(control, MAP)
        if os.read(control, 1) != MAP:
            raise OSError(1, "write the identity maps")

    # The filters and the ruleset are made here, once: a run only applies them.
    snippet, command_, networked = (
        kernel.filter_prepare(seccomp.filter_program(processes=processes, sockets=sockets))
        for processes, sockets in ((False, False), (True, False), (True, True))
    )
    rootfs.namespaces_enter(map_identity)
    programs = {"python": config["interpreter"], "python3": "python"}
    if config["node"]:
        programs["node"] = config["node"]["inner"]
    readable = rootfs.root_build(binds=config["binds"], hidden=config["hidden"], programs=programs)
    _become_first_process(control)
    runner.rehearse()
    writable = [rootfs.SCRATCH_PARENT, *(f"/dev/{name}" for name in rootfs.DEVICES)]
    ruleset = landlock.ruleset(read_only=readable, writable=writable, tcp=False)
    networked_ruleset = landlock.ruleset(read_only=readable, writable=writable, tcp=True)
    kernel.bounding_set_clear()
    return confine.Walls(ruleset, networked_ruleset, snippet, command_, networked)


def _become_first_process(control: int) -> None:
    """Fork into the new pid namespace; the parent only waits, and takes everything with it when it ends."""
    parent_alive, parent_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(control)
        os.close(parent_alive)
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.close(parent_end)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.set_blocking(parent_alive, False)
    with contextlib.suppress(BlockingIOError):
        os.read(parent_alive, 1)
        os._exit(1)  # the parent ended before the death signal was set
    os.close(parent_alive)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
