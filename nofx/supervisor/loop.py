"""The supervisor: starts the children, starts again those that end, stops them all when asked."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from apps.core.errors import NofxError
from nofx.embedded import postgres
from nofx.supervisor import processes
from nofx.supervisor.children import SETTINGS, Child
from nofx.supervisor.home import Home

_TICK = 0.25
_DATABASE_EVERY = 2.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_SETTLED_AFTER = 60.0
_GRACE = 20.0
_HELPERS_GRACE = 5.0


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    delay: float = _FIRST_DELAY
    start_at: float = 0.0
    last_exit: int | None = None

    def describe(self) -> dict[str, Any]:
        pid = self.process.pid if self.process else None
        return {"name": self.child.name, "pid": pid, "restarts": self.restarts, "last_exit": self.last_exit}


@dataclass
class Supervisor:
    """Keeps *children* of *home* alive until ``stop`` is set. One thread, no state but what it writes down."""

    home: Home
    children: tuple[Child, ...]
    about: dict[str, Any]
    is_embedded: bool
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._running = [_Running(child) for child in self.children]
        self._database_checked = time.monotonic()

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end ``watch``."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def start(self) -> None:
        """Start every child."""
        for running in self._running:
            self._start(running)
        self._write()

    def watch(self) -> None:
        """Keep the children alive until ``stop`` is set."""
        while not self.stop.wait(_TICK):
            for running in self._running:
                self._tend(running)
            self._tend_database()

    def end(self) -> None:
        """Stop every child: ask, wait, then kill what does not go."""
        live = [running.process for running in self._running if running.process]
        for process in live:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + _GRACE
        for process in live:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            processes.end_group(process.pid, grace=_HELPERS_GRACE)
        self.home.state_file.unlink(missing_ok=True)

    def _start(self, running: _Running) -> None:
        log = self.home.open_log(running.child.name)
        try:
            running.process = subprocess.Popen(
                running.child.argv,
                env=child_environment(self.home, running.child),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(log)
        running.started = time.monotonic()

    def _tend(self, running: _Running) -> None:
        now = time.monotonic()
        if running.process is None:
            if now >= running.start_at:
                self._start(running)
                self._write()
            return
        code = running.process.poll()
        if code is None:
            if now - running.started > _SETTLED_AFTER:
                running.delay = _FIRST_DELAY
            return
        # Its helpers outlive a leader that was killed; a second pool beside the next one would be the result.
        processes.end_group(running.process.pid, grace=_HELPERS_GRACE)
        self._say(f"{running.child.name} ended with {code}; it starts again in {running.delay:.1f} s.")
        running.process, running.last_exit = None, code
        running.restarts += 1
        running.start_at = now + running.delay
        running.delay = min(running.delay * 2, _LONGEST_DELAY)
        self._write()

    def _tend_database(self) -> None:
        if not self.is_embedded or time.monotonic() - self._database_checked < _DATABASE_EVERY:
            return
        self._database_checked = time.monotonic()
        if postgres.is_running(self.home.postgres):
            return
        self._say("The database is down; it is started again.")
        try:
            postgres.ensure_running(self.home.postgres)
        except NofxError as error:
            self._say(str(error))

    def _write(self) -> None:
        state = {**self.about, "pid": os.getpid(), "processes": [running.describe() for running in self._running]}
        self.home.write_state(state)

    @staticmethod
    def _say(sentence: str) -> None:
        print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, flush=True)


def child_environment(home: Home, child: Child | None = None) -> dict[str, str]:
    """Return the environment of a process that belongs to *home*."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "NOFX_HOME": str(home.path),
        "PYTHONUNBUFFERED": "1",
        **processes.mark(home.path),
        **(child.env if child else {}),
    }
