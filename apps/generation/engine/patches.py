"""Read a unified diff without touching a disk: what the changed files look like afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.lines import file_lines

_FILE = re.compile(r"\+\+\+ (?:b/)?(?P<path>[^\t]+)")
_HUNK = re.compile(r"@@ -(?P<start>[0-9]{1,7})(?:,(?P<old>[0-9]{1,7}))? \+[0-9]+(?:,(?P<new>[0-9]{1,7}))? @@")
_OTHER_CHANGE = re.compile(
    r"(?:rename|copy) (?:from|to) |(?:old|new) mode |deleted file mode |GIT binary patch|Binary files "
)
MAX_FILES = 50
_UNUSABLE_PARTS = frozenset({"", ".", ".."})


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
    last: str = " "

    @property
    def is_whole(self) -> bool:
        return self.old == 0 and self.new == 0

    def take(self, line: str) -> None:
        """Add one line of the diff."""
        kind, text = (line[0], line[1:]) if line.rstrip("\r\n") else (" ", line)
        if kind not in "+- ":
            raise PatchUnreadable("The patch holds a line that no diff has.")
        self.last = kind
        if kind in "- ":
            self.before.append(text)
            self.old -= 1
        if kind in "+ ":
            self.after.append(text)
            self.new -= 1
        if min(self.old, self.new) < 0:
            raise PatchUnreadable("A hunk of the patch holds more lines than it says.")

    def end_file_here(self) -> None:
        """Take the line feed from the last line: the file ends without one."""
        for kinds, lines in (("- ", self.before), ("+ ", self.after)):
            if self.last in kinds and lines:
                lines[-1] = lines[-1].removesuffix("\n")


def is_usable_path(path: str) -> bool:
    """Tell whether a change may stand at *path*: inside the tree, not in git's own folder, writable in a diff."""
    parts = path.split("/")
    is_plain = path.isprintable() and not set('"\\') & set(path) and not path.startswith("-")
    return is_plain and not any(part in _UNUSABLE_PARTS or part.lower().strip(". ") == "git" for part in parts)


def patched_files(patch: str, files: Mapping[str, str]) -> dict[str, str]:
    """
    Return the files that *patch* changes, by path, as they read afterwards.

    Context and removed lines must be those of *files*, exactly but for two things that models cannot see: carriage
    returns at the ends of a file's lines, which are kept and given to new lines too, and a missing last line feed.

    :raises PatchUnreadable: see the class.
    """
    changed: dict[str, str] = {}
    for path, hunks in _sections(patch):
        if path in changed or not is_usable_path(path):
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
    for line in file_lines(patch):
        if hunk is not None and line.startswith("\\"):
            hunk.end_file_here()
            continue
        if hunk is not None and not hunk.is_whole:
            hunk.take(line)
            continue
        name, header = _FILE.match(line), _HUNK.match(line)
        if _OTHER_CHANGE.match(line):
            raise PatchUnreadable("The patch renames, deletes or changes a file other than by its lines.")
        if name:
            if name["path"].strip() == "/dev/null":
                raise PatchUnreadable("The patch deletes a file; a deletion has to be asked for by a person.")
            sections.append((name["path"].strip(), []))
        elif header and sections:
            old = int(header["old"] or 1)
            hunk = _Hunk(int(header["start"]) - (1 if old else 0), old, int(header["new"] or 1))
            sections[-1][1].append(hunk)
        elif line.startswith("@@"):
            raise PatchUnreadable("The patch holds a hunk without a file or without numbers.")
    if hunk is not None and not hunk.is_whole:
        raise PatchUnreadable("The patch ends in the middle of a hunk.")
    return sections


def _apply(path: str, text: str, hunks: Sequence[_Hunk]) -> str:
    old = file_lines(text)
    has_carriage_returns = "\r\n" in text and not any(line.endswith("\r\n") for hunk in hunks for line in hunk.before)
    new: list[str] = []
    position = 0
    for hunk in hunks:
        before, after = hunk.before, hunk.after
        if has_carriage_returns:
            before, after = _with_carriage_returns(before), _with_carriage_returns(after)
        end = hunk.start + len(before)
        is_in_order = position <= hunk.start <= len(old)
        if not is_in_order or not _fits(old[hunk.start : end], before):
            raise PatchUnreadable(f"The patch does not fit {path} at line {hunk.start + 1}.")
        new += [*old[position : hunk.start], *after]
        position = end
    return "".join([*new, *old[position:]])


def _with_carriage_returns(lines: Sequence[str]) -> list[str]:
    return [f"{line[:-1]}\r\n" if line.endswith("\n") else line for line in lines]


def _fits(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Compare lines; only the last line of a file can lack its line feed, and a diff may forget to say so."""
    if not wanted or len(found) != len(wanted):
        return len(found) == len(wanted)
    return list(found[:-1]) == list(wanted[:-1]) and found[-1].rstrip("\r\n") == wanted[-1].rstrip("\r\n")
