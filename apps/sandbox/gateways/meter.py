"""Measures, from outside, the memory that a tree of processes holds."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_resident_bytes(root: int) -> int:
    """
    Return the resident memory of a process and its descendants, without what is backed by files.

    Pages shared by a fork count once for each process, so the figure is rather too high than too low.
    """
    total = 0
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        try:
            resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
            total += (int(resident) - int(shared)) * PAGE
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return total
