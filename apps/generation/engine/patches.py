"""Read a unified diff without touching a disk: what the changed files look like afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FILE = re.compile(r"^\+\+\+ (?:b/)?(?P<path>[^\t\n]+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(?P<start>\d+)(?:,(?P<count>\d+))? \+\d+(?:,\d+)? @@.*$")
MAX_FILES = 50


class PatchUnreadable(ValueError):
    """The diff is malformed, does not fit the files, or touches what it may not; the message is a sentence."""


def patched_files(patch: str, files: Mapping[str, str]) -> dict[str, str]:
    """
    Return the files that *patch* changes, by path, as they read afterwards.

    Context and removed lines must be those of *files*, exactly; deletions and paths outside the tree are refused.

    :raises PatchUnreadable: see the class.
    """
    changed: dict[str, str] = {}
    for path, hunks in _sections(patch):
        if (
            path in changed
            or not path.endswith(".py")
            or any(part in {"", ".", "..", ".git"} for part in path.split("/"))
        ):
            raise PatchUnreadable(f"The patch may not change {path}.")
        changed[path] = _apply(path, files.get(path, ""), hunks)
    if not changed:
        raise PatchUnreadable("The patch changes no file.")
    if len(changed) > MAX_FILES:
        raise PatchUnreadable(f"The patch changes {len(changed)} files; {MAX_FILES} can be reviewed.")
    return changed


def _sections(patch: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    for line in patch.splitlines():
        match = _FILE.match(line)
        if match:
            if match["path"].strip() == "/dev/null":
                raise PatchUnreadable("The patch deletes a file; a deletion has to be asked for by a person.")
            sections.append((match["path"].strip(), []))
        elif line.startswith(("--- ", "diff ", "index ", "new file mode 100")):
            continue
        elif sections:
            sections[-1][1].append(line)
    return sections


def _apply(path: str, text: str, hunks: list[str]) -> str:
    old = text.splitlines()
    new: list[str] = []
    position = 0
    for line in hunks:
        header = _HUNK.match(line)
        if header:
            start = max(int(header["start"]) - (0 if header["count"] == "0" else 1), 0)
            if not position <= start <= len(old):
                raise PatchUnreadable(f"A hunk of {path} is out of place.")
            new += old[position:start]
            position = start
        elif line.startswith("+"):
            new.append(line[1:])
        elif line.startswith(("-", " ")) or line == "":
            if position >= len(old) or old[position] != line[1:]:
                raise PatchUnreadable(f"The patch does not fit line {position + 1} of {path}.")
            if not line.startswith("-"):
                new.append(old[position])
            position += 1
        elif not line.startswith("\\"):
            raise PatchUnreadable(f"The patch of {path} holds a line that no diff has.")
    return "\n".join([*new, *old[position:]]) + "\n"
