"""The folder that everything is written to, and what lies where in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_LOG_BYTES = 20_000_000
_LOCK_SECONDS = 1.0


@dataclass(frozen=True)
class Home:
    """``$NOFX_HOME``: the state of one installation. Two folders never share a process or a port."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def port_file(self) -> Path:
        return self.run / "web.port"

    @property
    def state_file(self) -> Path:
        return self.run / "state.json"

    def make(self) -> None:
        """Make the folders, readable by their owner only."""
        for folder in (self.path, self.run, self.logs, self.path / "static"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the right to start and stop things; a second ``up`` or ``down`` waits for the first."""
        with (self.run / "change.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def supervising(self) -> Iterator[bool]:
        """Be the one supervisor of this folder; yields False when there is one already."""
        with (self.run / "supervisor.lock").open("w") as lock:
            deadline = time.monotonic() + _LOCK_SECONDS
            while not (is_ours := _try_lock(lock)) and time.monotonic() < deadline:
                time.sleep(0.02)  # somebody may only be looking, see is_supervised
            yield is_ours

    def is_supervised(self) -> bool:
        """Return whether a supervisor lives; the lock goes with its process, however that ends."""
        if not self.run.exists():
            return False
        with (self.run / "supervisor.lock").open("w") as lock:
            return not _try_lock(lock)

    def read_state(self) -> dict[str, Any]:
        """Return what the supervisor last wrote, or nothing."""
        try:
            state = json.loads(self.state_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state in one step, so that a reader sees the old or the new one."""
        part = self.state_file.with_suffix(".part")
        part.write_text(json.dumps(state, indent=1))
        part.replace(self.state_file)

    def open_log(self, name: str) -> int:
        """Return a descriptor that appends to the log of *name*; a log that grew large is set aside once."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def log_tail(self, name: str, lines: int = 12) -> str:
        """Return the last *lines* of the log of *name*."""
        path = self.logs / f"{name}.log"
        if not path.exists():
            return ""
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
