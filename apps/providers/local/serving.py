"""One served model as a child process: started, watched, started again more and more slowly when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "apps.providers.local.server")
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
SETTLED_AFTER = 120.0
_START_SECONDS = 300.0
_GRACE_SECONDS = 5.0


@dataclass
class Served:
    """
    The server of one file. Times are of a monotonic clock and passed in.

    ``failures`` counts ends in a row; one that ran for a while was fine.
    """

    name: str
    path: Path
    address_file: Path
    threads: int
    command: tuple[str, ...] = COMMAND
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    start_at: float = 0.0
    started: float = 0.0

    @property
    def address(self) -> str:
        """The base URL while it answers."""
        if self.process is None or not self.address_file.exists():
            return ""
        return self.address_file.read_text()

    def tend(self, now: float) -> int | None:
        """Start it when it is due; return the exit code when it has just ended."""
        if self.process is None:
            if now >= self.start_at:
                self._start(now)
            return None
        code = self.process.poll()
        if code is None and not self.address_file.exists() and now - self.started > _START_SECONDS:
            self.process.kill()
            code = self.process.wait()
        if code is None:
            return None
        if now - self.started > SETTLED_AFTER:
            self.failures = 0
        self.start_at = now + min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(self.failures, 10))
        self.failures += 1
        self.process = None
        self.address_file.unlink(missing_ok=True)
        return code

    def end(self) -> None:
        """Stop it: ask, wait, kill."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self.address_file.unlink(missing_ok=True)

    def _start(self, now: float) -> None:
        self.address_file.unlink(missing_ok=True)
        arguments = (str(self.path), self.name, str(self.address_file), str(self.threads), str(os.getpid()))
        self.process = subprocess.Popen([*self.command, *arguments], stdin=subprocess.DEVNULL)
        self.started = now
