"""Read a unified diff without touching a disk: what the changed files look like afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_FILE = re.compile(r"\+\+\+ (?:b/)?(?P<path>[^\t]+)")
_HUNK = re.compile(r"@@ -(?P<start>\d+)(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@")
MAX_FILES = 50


class PatchUnreadable(ValueError):
    """The diff is malformed, does not fit the files, or touches what it may not; the message is a sentence."""


@dataclass
class _Hunk:
    """Lines to find at ``start`` (from 0) and lines to put there; ``old`` and ``new`` count those still to come."""

    start: int
    old: int
    new: int
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.old == 0 and self.new == 0

    def take(self, line: str) -> None:
        """Add one line of the diff."""
        kind, text = (line[0], line[1:]) if line else (" ", "")
        if kind not in "+- ":
            raise PatchUnreadable("The patch holds a line that no diff has.")
        if kind in "- ":
            self.before.append(text)
            self.old -= 1
        if kind in "+ ":
            self.after.append(text)
            self.new -= 1


def patched_files(patch: str, files: Mapping[str, str]) -> dict[str, str]:
    """
    Return the files that *patch* changes, by path, as they read afterwards.

    Context and removed lines must be those of *files*, exactly; deletions and paths outside the tree are refused.

    :raises PatchUnreadable: see the class.
    """
    changed: dict[str, str] = {}
    for path, hunks in _sections(patch):
        if path in changed or any(part in {"", ".", "..", ".git"} for part in path.split("/")):
            raise PatchUnreadable(f"The patch may not change {path}.")
        changed[path] = _apply(path, files.get(path, ""), hunks)
    if not changed:
        raise PatchUnreadable("The patch changes no file.")
    if len(changed) > MAX_FILES:
        raise PatchUnreadable(f"The patch changes {len(changed)} files; {MAX_FILES} can be reviewed.")
    return changed


def _sections(patch: str) -> list[tuple[str, list[_Hunk]]]:
    """Split a diff by files and hunks. Hunks are read by their counts, so that no content is taken for a header."""
    sections: list[tuple[str, list[_Hunk]]] = []
    hunk: _Hunk | None = None
    for line in patch.splitlines():
        if hunk is not None and not hunk.is_whole:
            if not line.startswith("\\"):
                hunk.take(line)
            continue
        name, header = _FILE.match(line), _HUNK.match(line)
        if name:
            if name["path"].strip() == "/dev/null":
                raise PatchUnreadable("The patch deletes a file; a deletion has to be asked for by a person.")
            sections.append((name["path"].strip(), []))
        elif header and sections:
            old = int(header["old"] or 1)
            hunk = _Hunk(int(header["start"]) - (1 if old else 0), old, int(header["new"] or 1))
            sections[-1][1].append(hunk)
    if hunk is not None and not hunk.is_whole:
        raise PatchUnreadable("The patch ends in the middle of a hunk.")
    return sections


def _apply(path: str, text: str, hunks: list[_Hunk]) -> str:
    old = text.splitlines()
    new: list[str] = []
    position = 0
    for hunk in hunks:
        end = hunk.start + len(hunk.before)
        if hunk.start < position or old[hunk.start : end] != hunk.before:
            raise PatchUnreadable(f"The patch does not fit {path} at line {hunk.start + 1}.")
        new += [*old[position : hunk.start], *hunk.after]
        position = end
    return "".join(f"{line}\n" for line in [*new, *old[position:]])
