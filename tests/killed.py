"""A process that is really killed, at the instant a test is about."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections

from apps.repositories.gateways import git

PATIENCE_S = 20


def killed_behind(command: tuple[str, ...], action: Callable[[], object]) -> None:
    """Do *action* in a process of its own, which gets kill -9 as soon as git has done *command*."""
    pid = os.fork()
    if pid == 0:
        try:
            _die_behind(command)
            _forget_connections()
            action()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"git never did {' '.join(command)}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def killed_once(instant: Callable[[], bool], action: Callable[[], object]) -> None:
    """Do *action* in a process of its own, which gets kill -9 as soon as *instant* has come."""
    pid = os.fork()
    if pid == 0:
        try:
            _forget_connections()
            action()
        finally:
            os._exit(1)
    deadline = time.monotonic() + PATIENCE_S
    while not instant() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the work had ended before"
    assert time.monotonic() < deadline, "the instant never came"


def _die_behind(command: tuple[str, ...]) -> None:
    original = git.run

    def dying(path: Path, *arguments: str, **options: Any) -> bytes:
        result = original(path, *arguments, **options)
        if arguments[: len(command)] == command:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    git.run = dying


_parents: list[object] = []


def _forget_connections() -> None:
    """Let this process open connections of its own; the parent's stay open, for the two share their sockets."""
    for wrapper in connections.all():
        _parents.append(wrapper.connection)
        wrapper.connection = None
