"""Counts what a pool has done, for people who watch over it."""

from __future__ import annotations

import threading
from collections import Counter as Counts
from dataclasses import dataclass, fields

from apps.sandbox.types import Result

KILLED = frozenset({"timeout", "oom", "output_limit"})


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What happened since the last time it was taken.

    ``refusals`` are runs that were not begun: the code does not compile, or the machine cannot isolate. ``kills`` were
    ended at a limit, ``failures`` have no result, ``starts`` are fork servers started. ``longest_queue`` is the largest
    number of runs that waited for a fork server at one time.
    """

    runs: int = 0
    refusals: int = 0
    kills: int = 0
    failures: int = 0
    starts: int = 0
    longest_queue: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


class Counter:
    """Thread-safe; forgets what was taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counts[str] = Counts()
        self._longest_queue = 0
        self._waiting = 0

    def waits(self) -> None:
        """A run begins to wait for a fork server."""
        with self._lock:
            self._waiting += 1
            if self._waiting > self._longest_queue:
                self._longest_queue = self._waiting

    def waited(self) -> None:
        """It has one."""
        with self._lock:
            self._waiting -= 1

    def started(self) -> None:
        """A fork server was started."""
        self._add("starts")

    def refused(self) -> None:
        """A run was not begun, for this machine cannot isolate."""
        self._add("runs", "refusals")

    def ended(self, result: Result) -> None:
        """A run ended, or could not be carried out."""
        if result.refused:
            self._add("runs", "refusals")
        elif result.status == "infra":
            self._add("runs", "failures")
        elif result.status in KILLED:
            self._add("runs", "kills")
        else:
            self._add("runs")

    def take(self) -> Tally:
        """Return what was counted, and begin anew."""
        with self._lock:
            taken = Tally(**self._counts, longest_queue=self._longest_queue)
            self._counts.clear()
            self._longest_queue = 0
            return taken

    def _add(self, *names: str) -> None:
        with self._lock:
            for name in names:
                self._counts[name] += 1
