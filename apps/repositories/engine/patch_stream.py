"""
Read what ``git log -p -U0`` writes, as it comes.

Everything in it is somebody's data: lines of a hunk are taken by the count that its heading gives, so that no line of a
file is ever read as a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from apps.repositories.engine.lineage import FileChange, Hunk

COMMIT_MARK = b"\0commit "
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_REGULAR = {b"100644", b"100755"}
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


@dataclass(frozen=True, slots=True)
class CommitChanges:
    """A commit, when it was made in seconds since 1970, and what it did to files that are text."""

    sha: str
    committed: int
    changes: tuple[FileChange, ...]


@dataclass
class _File:
    """A file's part of a patch while it is read."""

    old_path: str | None = None
    new_path: str | None = None
    hunks: list[Hunk] = field(default_factory=list)
    is_regular: bool = True
    is_binary: bool = False
    names: bytes = b""

    def changes(self) -> list[FileChange]:
        if not self.is_regular:
            return []
        if self.is_binary:
            old = self.old_path or _same_name(self.names)
            return [FileChange(old, None)] if old else []
        if self.old_path == self.new_path and not self.hunks:
            return []
        return [FileChange(self.old_path, self.new_path, tuple(self.hunks))]


def commits_in(lines: Iterable[bytes]) -> Iterator[CommitChanges]:
    """Yield the commits of a log whose format is ``%x00commit %H %ct``, in its order."""
    rest = iter(lines)
    sha, committed = "", 0
    files: list[_File] = []
    for line in rest:
        if line.startswith(COMMIT_MARK):
            if sha:
                yield _commit(sha, committed, files)
            name, when = line[len(COMMIT_MARK) :].split()
            sha, committed, files = name.decode(), int(when), []
        elif line.startswith(b"diff --git "):
            files.append(_File(names=line[len(b"diff --git ") :].rstrip(b"\n")))
        elif files:
            _read(line, files[-1], rest)
    if sha:
        yield _commit(sha, committed, files)


def changes_in(patch: str) -> list[FileChange]:
    """Return what a unified diff does, file by file; its lines of context are left out."""
    files: list[_File] = []
    rest = iter(patch.encode("utf-8", "surrogateescape").splitlines(keepends=True))
    for line in rest:
        if line.startswith(b"diff --git ") or (line.startswith(b"--- ") and (not files or files[-1].hunks)):
            files.append(_File(names=line[len(b"diff --git ") :].rstrip(b"\n")))
        if files and not line.startswith(b"diff --git "):
            _read(line, files[-1], rest)
    return [change for one in files for change in one.changes()]


def _commit(sha: str, committed: int, files: list[_File]) -> CommitChanges:
    return CommitChanges(sha, committed, tuple(change for one in files for change in one.changes()))


def _read(line: bytes, into: _File, rest: Iterator[bytes]) -> None:
    if line.startswith(b"@@ "):
        into.hunks += _hunks(line, rest)
    elif line.startswith(b"--- "):
        into.old_path = _path(line[4:])
    elif line.startswith(b"+++ "):
        into.new_path = _path(line[4:])
    elif line.startswith(b"rename from "):
        into.old_path = _name(line[len(b"rename from ") :])
    elif line.startswith(b"rename to "):
        into.new_path = _name(line[len(b"rename to ") :])
    elif line.startswith((b"new file mode ", b"deleted file mode ")):
        into.is_regular = line.split()[-1] in _REGULAR
    elif line.startswith(b"index ") and len(line.split()) == 3:
        into.is_regular = line.split()[2] in _REGULAR
    elif line.startswith(b"Binary files "):
        into.is_binary = True


def _hunks(heading: bytes, rest: Iterator[bytes]) -> Iterator[Hunk]:
    """Yield the stretches without context that a hunk consists of; with -U0 it is one."""
    found = _HUNK.match(heading)
    if found is None:
        return
    start, old, new = int(found[1]), int(found[2] or 1), int(found[4] or 1)
    at = start - 1 if old else start
    removed: list[str] = []
    added: list[str] = []
    while old or new:
        line = next(rest, None)
        if line is None:
            break
        sign, text = line[:1], _text(line[1:])
        if sign == b"\\":
            continue
        if sign == b"-":
            old -= 1
            removed.append(text)
        elif sign == b"+":
            new -= 1
            added.append(text)
        else:
            old, new = old - 1, new - 1
            if removed or added:
                yield Hunk(at, tuple(removed), tuple(added))
            at += len(removed) + 1
            removed, added = [], []
    if removed or added:
        yield Hunk(at, tuple(removed), tuple(added))


def _text(line: bytes) -> str:
    return line.rstrip(b"\n").decode("utf-8", "surrogateescape")


def _path(name: bytes) -> str | None:
    """Return the path of a ``---`` or ``+++`` line; None where there is no such file."""
    path = _name(name)
    return None if path == "/dev/null" else path[2:]


def _name(name: bytes) -> str:
    name = name.rstrip(b"\n").removesuffix(b"\t")
    if name.startswith(b'"') and name.endswith(b'"') and len(name) > 1:
        name = _ESCAPE.sub(_unescaped, name[1:-1])
    return name.decode("utf-8", "surrogateescape")


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 255]) if len(code) == 3 else _LETTERS.get(code, code)


def _same_name(names: bytes) -> str | None:
    """Return the path of a heading whose two names are the same; None where they are not."""
    half = len(names) // 2
    first, second = _name(names[:half]), _name(names[half + 1 :])
    return first[2:] if first[2:] == second[2:] else None
