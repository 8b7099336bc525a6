"""
Regular expressions that can take time beyond all bounds: exponential ambiguity of a position automaton.

A backtracking matcher takes exponential time when a state can be left and reached again by two ways over one text
(Weber and Seidl 1991; Wüstholz et al. 2017), and something after it can still fail. The automaton is Glushkov's; since
it merges nested loops over one place, how many ways there are from place to place is counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_PLACES = 120
MAX_PAIRS = 20_000
MAX_WORK = 100_000  # atoms read, places joined and pairs compared
MOST_COPIES = 6  # of what is repeated a given number of times; more adds places and no other ambiguity
LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
_DIGITS: Ranges = ((48, 57),)
_WORDS: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACES: Ranges = (
    (9, 13), (32, 32), (160, 160), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_ANY: Ranges = ((0, 9), (11, 12), (14, 0x2027), (0x202A, LAST))
_CLASSES = {"d": _DIGITS, "w": _WORDS, "s": _SPACES}
_CONTROLS = {"n": 10, "t": 9, "r": 13, "v": 11, "f": 12, "0": 0}
_BRACES = re.compile(r"\{(\d+)(,(\d*))?\}")
_ESCAPED = re.compile(r"u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})")


class NotRead(ValueError):
    """The expression is not read: it is no expression, too large, or holds a reference back."""


@dataclass
class _Part:
    """A part of an automaton: whether it can be empty, and the places it begins and ends with (with multiplicity)."""

    is_empty: bool = True
    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)


def is_catastrophic(pattern: str, flags: str = "") -> bool:
    """
    Return whether matching *pattern* can take time that doubles with each further character.

    Lookarounds are passed over. One that is not read (a reference back, more than 120 places, or more work than
    ``MAX_WORK``) counts as harmless.
    """
    try:
        reader = _Reader(pattern, flags)
        whole = reader.alternatives()
        if reader.at < len(pattern):
            raise NotRead
        return reader.is_ambiguous(whole)
    except (NotRead, RecursionError):
        return False


class _Reader:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.is_folded = "i" in flags
        self.any: Ranges = ((0, LAST),) if "s" in flags else _ANY
        self.places: list[Ranges] = []
        self.edges: Counter[tuple[int, int]] = Counter()
        self.ends_anchored = False
        self.work = 0

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise NotRead

    def alternatives(self) -> _Part:
        found = [self._sequence()]
        while self._next("|"):
            found.append(self._sequence())
        whole = _Part(any(one.is_empty for one in found))
        for one in found:
            whole.first += one.first
            whole.last += one.last
        return whole

    def _sequence(self) -> _Part:
        so_far = _Part()
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            so_far = self._joined(so_far, self._quantified())
        return so_far

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._connect(left.last, right.first)
        first = left.first + right.first if left.is_empty else left.first
        last = right.last + left.last if right.is_empty else right.last
        return _Part(left.is_empty and right.is_empty, first, last)

    def _connect(self, last: Counter[int], first: Counter[int]) -> None:
        self._spend(len(last) * len(first))
        for a, ways_a in last.items():
            for b, ways_b in first.items():
                self.edges[a, b] = min(2, self.edges[a, b] + ways_a * ways_b)

    def _quantified(self) -> _Part:
        start = self.at
        part = self._atom()
        end = self.at
        least, most = self._bounds()
        if (least, most) == (1, 1):
            return part
        copies = [part]
        for _ in range(min(MOST_COPIES, max(least, most or 0)) - 1):
            after, self.at = self.at, start
            copies.append(self._atom())
            self.at = after
            if end > len(self.pattern):
                raise NotRead
        whole = _Part()
        for number, one in enumerate(copies):
            is_optional = number >= least
            whole = self._joined(whole, _Part(one.is_empty or is_optional, one.first, one.last))
        if most is None:
            self._connect(copies[-1].last, copies[-1].first)
        return _Part(whole.is_empty or least == 0, whole.first, whole.last)

    def _bounds(self) -> tuple[int, int | None]:
        least, most = 1, 1
        found = _BRACES.match(self.pattern, self.at)
        if found:
            self.at = found.end()
            least = int(found[1])
            upper = None if found[2] and not found[3] else int(found[3] or found[1])
            self._next("?")
            return min(least, MOST_COPIES), None if upper is None else min(upper, MOST_COPIES)
        for mark, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._next(mark):
                self._next("?")
                return bounds
        return least, most

    def _atom(self) -> _Part:
        self._spend(1)
        character = self.pattern[self.at]
        self.at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return self._place(self._class())
        if character == "\\":
            return self._escape()
        if character in "^$":
            self.ends_anchored = self.ends_anchored or character == "$"
            return _Part()
        if character in "*+?":
            raise NotRead
        return self._place(self.any if character == "." else _one(ord(character)))

    def _group(self) -> _Part:
        looks = next((mark for mark in ("?=", "?!", "?<=", "?<!") if self.pattern.startswith(mark, self.at)), "")
        name = re.compile(r"\?(?:[a-z-]*:|<\w+>)").match(self.pattern, self.at)
        self.at += len(looks) or (len(name[0]) if name else 0)
        edges, places = Counter(self.edges), len(self.places)
        inner = self.alternatives()
        if not self._next(")"):
            raise NotRead
        if looks:
            self.edges = edges
            del self.places[places:]
            self.ends_anchored = True
            return _Part()
        return inner

    def _escape(self) -> _Part:
        if self.at >= len(self.pattern):
            raise NotRead
        character = self.pattern[self.at]
        if character in "bB":
            self.at += 1
            return _Part()
        if character in "123456789k":
            raise NotRead
        return self._place(self._escaped())

    def _escaped(self) -> Ranges:
        found = _ESCAPED.match(self.pattern, self.at)
        if found:
            self.at = found.end()
            return _one(int(found[1] or found[2] or found[3], 16))
        character = self.pattern[self.at]
        self.at += 1
        if character.lower() in _CLASSES:
            named = _CLASSES[character.lower()]
            return named if character.islower() else _negated(named)
        if character in "pP":
            end = self.pattern.find("}", self.at)
            self.at = end + 1 if end >= 0 else self.at
            return ((65, LAST),)
        return _one(_CONTROLS.get(character, ord(character)))

    def _class(self) -> Ranges:
        is_negated = self._next("^")
        found: list[tuple[int, int]] = []
        while not self._next("]"):
            if self.at >= len(self.pattern):
                raise NotRead
            low = self._member()
            if self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member()
                found.append((low[0][0], high[-1][1]))
            else:
                found += low
        return _negated(found) if is_negated else tuple(found)

    def _member(self) -> Ranges:
        character = self.pattern[self.at]
        self.at += 1
        if character != "\\":
            return _one(ord(character))
        if self.at >= len(self.pattern):
            raise NotRead
        if self.pattern[self.at] == "b":
            self.at += 1
            return _one(8)
        return self._escaped()

    def _next(self, mark: str) -> bool:
        is_there = self.pattern.startswith(mark, self.at)
        self.at += len(mark) if is_there else 0
        return is_there

    def _place(self, ranges: Ranges) -> _Part:
        if len(self.places) >= MAX_PLACES:
            raise NotRead
        self.places.append(_folded(ranges) if self.is_folded else ranges)
        place = len(self.places) - 1
        return _Part(False, Counter({place: 1}), Counter({place: 1}))

    def is_ambiguous(self, whole: _Part) -> bool:
        """Whether some place is reached again by two ways over one text, and what follows can still fail."""
        following: dict[int, list[int]] = defaultdict(list)
        for a, b in self.edges:
            following[a].append(b)
        component = _components(len(self.places), following)
        for (a, b), ways in self.edges.items():
            if ways > 1 and component[a] == component[b] and self._can_fail(a, whole):
                return True
        return any(
            self._is_reached_twice(place, following, component)
            for place in range(len(self.places))
            if self._can_fail(place, whole)
        )

    def _can_fail(self, place: int, whole: _Part) -> bool:
        return self.ends_anchored or place not in whole.last

    def _is_reached_twice(self, place: int, following: dict[int, list[int]], component: list[int]) -> bool:
        """Search pairs of places that one text reaches from (place, place), for a pair of two that leads back to it."""
        start = (place, place)
        seen: dict[tuple[int, int], bool] = {start: False}
        waiting = [start]
        while waiting and len(seen) < MAX_PAIRS:
            pair = waiting.pop()
            for a in following[pair[0]]:
                self._spend(len(following[pair[1]]))
                for b in following[pair[1]]:
                    if component[a] != component[place] or component[b] != component[place]:
                        continue
                    if not _overlap(self.places[a], self.places[b]):
                        continue
                    is_apart = seen[pair] or a != b
                    if (a, b) == start and is_apart:
                        return True
                    if (a, b) not in seen or (is_apart and not seen[a, b]):
                        seen[a, b] = is_apart
                        waiting.append((a, b))
        return False


def _one(point: int) -> Ranges:
    return ((point, point),)


def _negated(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found, at = [], 0
    for low, high in sorted(ranges):
        if low > at:
            found.append((at, low - 1))
        at = max(at, high + 1)
    if at <= LAST:
        found.append((at, LAST))
    return tuple(found)


def _folded(ranges: Ranges) -> Ranges:
    """Both cases of letters of the Latin alphabet count as one."""
    lower = tuple((max(low, 65) + 32, min(high, 90) + 32) for low, high in ranges if low <= 90 and high >= 65)
    upper = tuple((max(low, 97) - 32, min(high, 122) - 32) for low, high in ranges if low <= 122 and high >= 97)
    return (*ranges, *lower, *upper)


def _overlap(one: Ranges, other: Ranges) -> bool:
    return any(a <= d and c <= b for a, b in one for c, d in other)


def _components(count: int, following: dict[int, list[int]]) -> list[int]:
    """Return the strongly connected component of each place: those that reach each other."""
    reached = [_reachable(place, following) for place in range(count)]
    component = [-1] * count
    for place in range(count):
        if component[place] < 0:
            for other in reached[place] | {place}:
                if other == place or place in reached[other]:
                    component[other] = place
    return component


def _reachable(place: int, following: dict[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [place]
    while waiting:
        for one in following[waiting.pop()]:
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
