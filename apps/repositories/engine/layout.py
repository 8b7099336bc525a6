"""Which lines of a change say what a line before it said: only their layout is new."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

_TOKEN = re.compile(r"\w+|[^\w\s]")
_CLOSING = frozenset(")]}")
# Beyond this many tokens on one side a hunk is compared as a whole only: matching is quadratic.
MAX_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """``sources[i]`` is the old line that new line i is, or None; ``used`` are all old lines that went into new."""

    sources: tuple[int | None, ...]
    used: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Stream:
    """The tokens of some lines; ``starts[k]`` is the line that begins at token k, the last one standing for the end."""

    tokens: list[str]
    starts: dict[int, int]


def without_layout(line: str) -> str:
    """Return *line* without its white space."""
    return "".join(line.split())


def lines_kept(removed: Sequence[str], added: Sequence[str]) -> Kept:
    """
    Return which *added* lines say the same as *removed* ones, broken into lines in another way or indented anew.

    A stretch of new lines keeps its origin when its tokens are, in order and completely, the tokens of a stretch of old
    lines. A comma that ends a line before a closing bracket is layout. Quadratic in tokens, up to :data:`MAX_TOKENS`.
    """
    before, after = _stream(removed), _stream(added)
    sources: list[int | None] = [None] * len(added)
    used: set[int] = set()
    for old_from, old_to, new_from, new_to in _equal_stretches(before, after):
        old_lines = [line for token, line in before.starts.items() if old_from <= token < old_to]
        used.update(old_lines)
        begins = sorted((token - old_from, line) for token, line in before.starts.items() if old_from <= token < old_to)
        for token, line in after.starts.items():
            if new_from <= token < new_to:
                sources[line] = max(begin for begin in begins if begin[0] <= token - new_from)[1]
    return Kept(tuple(sources), frozenset(used))


def _stream(lines: Sequence[str]) -> _Stream:
    tokens: list[str] = []
    starts: dict[int, int] = {}
    ends: set[int] = set()
    for number, line in enumerate(lines):
        found = _TOKEN.findall(line)
        if found:
            starts[len(tokens)] = number
            tokens += found
            ends.add(len(tokens) - 1)
    left_out = {
        place
        for place in ends
        if tokens[place] == "," and place not in starts and place + 1 < len(tokens) and tokens[place + 1] in _CLOSING
    }
    if not left_out:
        return _Stream(tokens, starts)
    places = [place for place in range(len(tokens)) if place not in left_out]
    moved = {place: index for index, place in enumerate(places)}
    return _Stream([tokens[place] for place in places], {moved[place]: line for place, line in starts.items()})


def _equal_stretches(before: _Stream, after: _Stream) -> Iterator[tuple[int, int, int, int]]:
    """Yield (old from, old to, new from, new to) in tokens: equal, and begun and ended by lines on both sides."""
    if before.tokens == after.tokens:
        blocks = [(0, 0, len(before.tokens))]
    elif max(len(before.tokens), len(after.tokens)) > MAX_TOKENS:
        return
    else:
        matcher = SequenceMatcher(None, before.tokens, after.tokens, autojunk=False)
        blocks = [(match.a, match.b, match.size) for match in matcher.get_matching_blocks()]
    for old, new, size in blocks:
        common = [
            offset for offset in range(size + 1) if _is_border(before, old + offset) and _is_border(after, new + offset)
        ]
        for start, end in pairwise(common):
            yield old + start, old + end, new + start, new + end


def _is_border(stream: _Stream, token: int) -> bool:
    return token in stream.starts or token == len(stream.tokens)
