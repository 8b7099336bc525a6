"""Measures, from outside, the memory that a tree of processes holds."""

from __future__ import annotations

from pathlib import Path


def tree_resident_bytes(root: int) -> int:
    """
    Return the memory that a process and its descendants hold or had swapped out, without what is backed by files.

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
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(("RssAnon:", "VmSwap:")):
                    total += int(line.split()[1]) << 10
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return total
