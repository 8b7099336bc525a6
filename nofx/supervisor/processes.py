"""Our own processes, found and ended by a mark in their environment, so that no stranger is ever hit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "NOFX_SUPERVISED"


def mark(home: Path) -> dict[str, str]:
    """Return the environment variable that says a process belongs to *home*."""
    return {MARK: str(home)}


def belonging_to(home: Path) -> list[int]:
    """Return the live processes that belong to *home*, without the caller."""
    wanted = f"{MARK}={home}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # it ended, or it is another user's
    return found


def is_alive(pid: int) -> bool:
    """Return whether *pid* runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(home: Path, *, grace: float) -> int:
    """
    End every process that belongs to *home* and return how many there were.

    Each is asked first; what is still there after *grace* seconds is killed. The leaders are asked, not their
    helpers: a worker pool whose helpers die under it would report their work as failed.
    """
    pids = belonging_to(home)
    leaders = [pid for pid in pids if _group(pid) == pid] or pids
    _signal(leaders, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        if not belonging_to(home):
            return len(pids)
        time.sleep(0.05)
    _signal(belonging_to(home), signal.SIGKILL)
    while belonging_to(home) and time.monotonic() < deadline + 5:
        time.sleep(0.05)
    return len(pids)


def kill_group(leader: int) -> None:
    """Kill what is left of the process group of *leader*, which has ended."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
