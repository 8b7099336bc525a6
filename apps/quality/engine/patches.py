"""Unified diffs of one text: written so that git applies them, and read back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from apps.core.lines import file_lines

_HUNK = re.compile(r"@@ -(?P<start>[0-9]+)(?:,(?P<old>[0-9]+))? \+[0-9]+(?:,[0-9]+)? @@")
NO_LAST_FEED = "\\ No newline at end of file\n"


def unified_patch(path: str, before: str, after: str) -> str:
    """Return one unified diff from *before* to *after*, "" when nothing changes."""
    # A tab ends the name, so that git does not cut a path with spaces.
    end = "\t" if " " in path else ""
    lines = difflib.unified_diff(file_lines(before), file_lines(after), f"a/{path}{end}", f"b/{path}{end}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_LAST_FEED}" for line in lines)


def patched(text: str, patch: str) -> str | None:
    """Return *text* as it reads after *patch*, which :func:`unified_patch` wrote for it; None where it does not fit."""
    old, new, position = file_lines(text), list[str](), 0
    for start, before, after in _hunks(file_lines(patch)):
        if not position <= start <= len(old) or old[start : start + len(before)] != before:
            return None
        new += [*old[position:start], *after]
        position = start + len(before)
    return "".join([*new, *old[position:]])


def _hunks(patch: Sequence[str]) -> list[tuple[int, list[str], list[str]]]:
    """Return each hunk's first line, counted from 0, with its lines before and after."""
    hunks: list[tuple[int, list[str], list[str]]] = []
    for index, line in enumerate(patch):
        header = _HUNK.match(line)
        if header:
            hunks.append((int(header["start"]) - (header["old"] != "0"), [], []))
            continue
        if not hunks or line == NO_LAST_FEED:
            continue
        is_last = patch[index + 1 : index + 2] == [NO_LAST_FEED]
        content = line[1:-1] if is_last else line[1:]
        for kinds, lines in (("- ", hunks[-1][1]), ("+ ", hunks[-1][2])):
            if line[0] in kinds:
                lines.append(content)
    return hunks
