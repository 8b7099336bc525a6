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


def end_group(leader: int, *, grace: float) -> None:
    """
    End what is left of the process group of *leader*, which has ended.

    Its helpers are told first: a worker puts its job back before it goes.
    """
    deadline = time.monotonic() + grace
    told = False
    while members := _members(leader):
        is_late = time.monotonic() > deadline
        if is_late or not told:
            _signal(members, signal.SIGKILL if is_late else signal.SIGTERM)
            told = True
        time.sleep(0.05)


def _members(leader: int) -> list[int]:
    """Return the live processes of the group of *leader*."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = entry.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if int(group) == leader and state not in "ZX":
            found.append(int(entry.parent.name))
    return found


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
