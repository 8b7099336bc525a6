"""Blocks of lines that a commit took from one place and put down in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

# What git blame -M asks of a moved block: fewer letters and digits than this are a coincidence.
MIN_CHARACTERS = 20
# Places of one text that are tried; "return None" stands everywhere.
MAX_PLACES = 50


@dataclass(slots=True)
class Line:
    """
    A removed or an added line: its text without layout, and the number of its mark (None: none yet).

    A removed line is carried when a new line is the same line, and joined when it became a part of another one.
    """

    key: str
    mark: int | None
    text: str = ""
    is_carried: bool = False
    is_joined: bool = False

    @property
    def is_free(self) -> bool:
        """Whether this removed line went nowhere so far."""
        return not self.is_carried and not self.is_joined


def blocks_moved(removed: Sequence[Sequence[Line]], added: Sequence[Sequence[Line]]) -> None:
    """
    Give added lines the marks of equal removed ones, the longest block first at each place, and mark those as carried.

    Each removed line is carried once, so a copy begins anew. At most :data:`MAX_PLACES` places are tried for a line.
    """
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for block, lines in enumerate(removed):
        for place, line in enumerate(lines):
            if line.key and line.is_free and len(places[line.key]) < MAX_PLACES:
                places[line.key].append((block, place))
    if not places:
        return
    for lines in added:
        start = 0
        while start < len(lines):
            start += _carry(removed, lines, start, places.get(lines[start].key, ())) or 1


def _carry(
    removed: Sequence[Sequence[Line]], lines: Sequence[Line], start: int, places: Sequence[tuple[int, int]]
) -> int:
    """Carry the longest block that begins at *start* over, and return its length; 0 where there is none."""
    lengths = [(_equal(removed[block], place, lines, start), -block, -place) for block, place in places]
    length, block, place = max(lengths, default=(0, 0, 0))
    found = lines[start : start + length]
    if sum(character.isalnum() for line in found for character in line.key) < MIN_CHARACTERS:
        return 0
    for old, new in zip(removed[-block][-place : -place + length], found, strict=True):
        new.mark = old.mark
        old.is_carried = True
    return length


def _equal(old: Sequence[Line], place: int, new: Sequence[Line], start: int) -> int:
    """Return how many lines from *place* and *start* on are equal, free and without a mark."""
    length = 0
    for one, other in zip(old[place:], new[start:], strict=False):
        if one.key != other.key or not one.is_free or other.mark is not None:
            break
        length += 1
    return length
