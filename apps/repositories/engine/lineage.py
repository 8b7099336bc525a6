"""
Where every line of a history comes from, carried from commit to commit.

A line begins when a commit gives it a meaning, and ends when a commit takes it away or changes what it says. Moved,
renamed, indented or broken anew, it stays the line it was. It is read off the diffs as git writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from apps.repositories.engine.layout import lines_kept, without_layout
from apps.repositories.engine.moves import Line, blocks_moved

BLANK = -1


class Origin(StrEnum):
    """Who gave a line its meaning: a candidate, a person, or a person inside what a candidate wrote."""

    AI = "ai"
    HUMAN = "human"
    MIXED = "mixed"


class Mark(NamedTuple):
    """A beginning: the place of its commit in the history, from 0, the origin, and the request of the candidate."""

    born: int
    origin: Origin
    request: str = ""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines ``removed`` from, and ``added`` in place of them, behind ``at`` lines of the old file."""

    at: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to a file; a path is None where the file was not, or is no longer, text."""

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What the platform's own rows say of a commit.

    ``added`` are, by path, the lines of the delivered candidate without their layout. ``is_revert`` is a commit that
    takes a delivery back: what it restores is no edit of what it removes.
    """

    request: str = ""
    added: Mapping[str, Counter[str]] = field(default_factory=dict)
    is_revert: bool = False


class End(NamedTuple):
    """Lines of one beginning that ended in a file; joined with another line they left without an event."""

    mark: int
    path: str
    is_change: bool


class Lineage:
    """
    The lines of a history up to one commit.

    ``files`` holds for each path the number of each line's mark, or :data:`BLANK`; ``marks`` are the beginnings,
    ``born`` counts the lines that each had at first.
    """

    def __init__(self, files: Mapping[str, Sequence[int]] | None = None, marks: Iterable[Mark] = ()) -> None:
        self.files: dict[str, list[int]] = {path: list(lines) for path, lines in (files or {}).items()}
        self.marks: list[Mark] = list(marks)
        self.born: Counter[int] = Counter()
        self._numbers = {mark: number for number, mark in enumerate(self.marks)}

    def advance(self, position: int, changes: Sequence[FileChange], delivery: Delivery | None = None) -> Counter[End]:
        """Apply the commit at *position*, and return how many lines ended with it. Linear in what changed."""
        edits = [edit for change in changes for edit in self._edits(position, change)]
        _keep(edits)
        writer = _Writer(self, position, delivery)
        for edit in edits:
            writer.write(edit)
        self._replace(changes, edits)
        return Counter(
            End(line.mark, edit.path, is_change=not line.is_joined)
            for edit in edits
            for line in edit.removed
            if line.mark is not None and line.mark != BLANK and not line.is_carried
        )

    def counts(self) -> Counter[Origin]:
        """Return how many lines that are not blank there are of each origin."""
        numbers = Counter(number for lines in self.files.values() for number in lines)
        found: Counter[Origin] = Counter()
        for number, lines in numbers.items():
            if number != BLANK:
                found[self.marks[number].origin] += lines
        return found

    def number_of(self, mark: Mark) -> int:
        """Return the number of *mark*, given to it when it is new."""
        number = self._numbers.setdefault(mark, len(self.marks))
        if number == len(self.marks):
            self.marks.append(mark)
        return number

    def _edits(self, position: int, change: FileChange) -> list[_Edit]:
        old = self.files.get(change.old_path or "", [])
        hunks = change.hunks
        if change.new_path is None and not hunks:  # It is no longer text: what it said cannot be followed.
            return [
                _Edit(change.old_path or "", "", 0, [Line("", mark, is_joined=True) for mark in old], [], BLANK, BLANK)
            ]
        reach = max((hunk.at + len(hunk.removed) for hunk in hunks), default=0)
        if reach > len(old):
            unknown = self.number_of(Mark(position, Origin.HUMAN))
            self.born[unknown] += reach - len(old)
            old = [*old, *[unknown] * (reach - len(old))]
            self.files[change.old_path or ""] = old
        return [
            _Edit(
                path=change.old_path or change.new_path or "",
                new_path=change.new_path or "",
                at=hunk.at,
                removed=[
                    Line(without_layout(text), mark, text)
                    for text, mark in zip(hunk.removed, old[hunk.at : hunk.at + len(hunk.removed)], strict=True)
                ],
                added=[Line(without_layout(text), None, text) for text in hunk.added],
                above=_nearest(old, range(hunk.at - 1, -1, -1)),
                below=_nearest(old, range(hunk.at + len(hunk.removed), len(old))),
            )
            for hunk in hunks
        ]

    def _replace(self, changes: Sequence[FileChange], edits: Sequence[_Edit]) -> None:
        waiting = iter(edits)
        written: dict[str, list[int]] = {}
        for change in changes:
            lines = list(self.files.get(change.old_path or "", []))
            own = [next(waiting) for _ in change.hunks] if change.hunks or change.new_path else [next(waiting)]
            for edit in reversed(own):
                lines[edit.at : edit.at + len(edit.removed)] = [
                    BLANK if one.mark is None else one.mark for one in edit.added
                ]
            if change.new_path:
                written[change.new_path] = lines
        for change in changes:
            self.files.pop(change.old_path or "", None)
        self.files |= {path: lines for path, lines in written.items() if lines}


@dataclass(slots=True)
class _Edit:
    """A hunk with its lines' marks: ``above`` and ``below`` are the marks of the nearest lines that stay."""

    path: str
    new_path: str
    at: int
    removed: list[Line]
    added: list[Line]
    above: int
    below: int


def _nearest(lines: Sequence[int], places: Iterable[int]) -> int:
    return next((lines[place] for place in places if lines[place] != BLANK), BLANK)


def _keep(edits: Sequence[_Edit]) -> None:
    """Give the lines that were only laid out anew, or moved, the marks that they had."""
    for edit in edits:
        if not edit.removed or not edit.added:
            continue
        kept = lines_kept([line.text for line in edit.removed], [line.text for line in edit.added])
        for line, source in zip(edit.added, kept.sources, strict=True):
            if source is not None:
                line.mark = edit.removed[source].mark
                edit.removed[source].is_carried = True
        for source in kept.used:
            edit.removed[source].is_joined = not edit.removed[source].is_carried
    blocks_moved([edit.removed for edit in edits], [edit.added for edit in edits])


class _Writer:
    """Gives the new lines of one commit their marks."""

    def __init__(self, lineage: Lineage, position: int, delivery: Delivery | None) -> None:
        self._lineage = lineage
        self._position = position
        self._delivery = delivery
        self._claims = {path: Counter(lines) for path, lines in (delivery.added if delivery else {}).items()}

    def write(self, edit: _Edit) -> None:
        around = self._request_around(edit)
        left = {line.key: line for line in edit.removed if not line.is_carried and not line.is_joined}
        for line in edit.added:
            if line.mark is not None:
                continue
            if not line.key:
                line.mark = BLANK
            elif self._delivery and self._delivery.request:
                self._deliver(line, edit.new_path, left)
            elif around is None:
                self._begin(line, Origin.HUMAN)
            else:
                self._begin(line, Origin.MIXED, around)

    def _deliver(self, line: Line, path: str, left: dict[str, Line]) -> None:
        """Mark a line of a delivery: the candidate's, one that the diff shows as new only, or somebody's edit of it."""
        claims = self._claims.get(path)
        request = self._delivery.request if self._delivery else ""
        if claims and claims[line.key] > 0:
            claims[line.key] -= 1
            self._begin(line, Origin.AI, request)
        elif (old := left.pop(line.key, None)) is not None:
            line.mark, old.is_carried = old.mark, True
        else:
            self._begin(line, Origin.MIXED, request)

    def _begin(self, line: Line, origin: Origin, request: str = "") -> None:
        line.mark = self._lineage.number_of(Mark(self._position, origin, request))
        self._lineage.born[line.mark] += 1

    def _request_around(self, edit: _Edit) -> str | None:
        """Return the request whose code a person edits here; None where it is nobody's but people's."""
        if self._delivery and self._delivery.is_revert:
            return None
        gone = [line.mark for line in edit.removed if line.mark not in {None, BLANK} and not line.is_carried]
        replaced = {self._request(mark) for mark in gone}
        if replaced and "" not in replaced:
            return min(replaced)
        above, below = self._request(edit.above), self._request(edit.below)
        return above if above and above == below and not gone else None

    def _request(self, mark: int | None) -> str:
        return "" if mark is None or mark == BLANK else self._lineage.marks[mark].request


def lines_added(changes: Iterable[FileChange]) -> dict[str, Counter[str]]:
    """Return by path the lines, without layout, that *changes* add; blank ones are left out."""
    added: dict[str, Counter[str]] = {}
    for change in changes:
        if change.new_path:
            keys = (without_layout(text) for hunk in change.hunks for text in hunk.added)
            added.setdefault(change.new_path, Counter()).update(key for key in keys if key)
    return added


def spans_of(lines: Iterable[int]) -> list[list[int]]:
    """Return the marks of a file's lines as [number of lines, mark] runs."""
    return [[len(list(run)), mark] for mark, run in groupby(lines)]


def lines_of(spans: Iterable[Sequence[int]]) -> list[int]:
    """Return the marks of a file's lines from their runs; the inverse of :func:`spans_of`."""
    return [mark for length, mark in spans for _ in range(length)]
