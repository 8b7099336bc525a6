"""Which texts of a specification are worth keeping while it is written, and by how much one differs from another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERY = timedelta(minutes=10)
MOST_KEPT = 50
# A third of the letters, and more than a sentence.
LEAST_SHARE_GONE = 1 / 3
LEAST_GONE = 100
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class LineChange:
    """How many lines one text has that another has not; a line that only moved counts on neither side."""

    added: int
    removed: int


def line_change(before: str, after: str) -> LineChange:
    """Return by how many lines *after* differs from *before*, in time proportional to both."""
    old, new = _lines(before), _lines(after)
    return LineChange(added=(new - old).total(), removed=(old - new).total())


def _lines(text: str) -> Counter[str]:
    return Counter(text.removesuffix("\n").split("\n")) if text else Counter()


def is_cut(before: str, after: str) -> bool:
    """Tell whether much of *before* is not in *after*: a third of the letters of its words, and at least 100."""
    words = Counter(_WORD.findall(before))
    gone = _letters(words - Counter(_WORD.findall(after)))
    return gone >= LEAST_GONE and gone >= LEAST_SHARE_GONE * _letters(words)


def _letters(words: Counter[str]) -> int:
    return sum(len(word) * times for word, times in words.items())


def is_due(*, last: datetime, moment: datetime) -> bool:
    """Tell whether at *moment* another text is worth keeping, when the *last* was kept, or the draft begun, then."""
    return moment - last >= EVERY


def surplus(kept: Sequence[tuple[int, bool]]) -> list[int]:
    """
    Return the numbers of the versions to remove so that at most ``MOST_KEPT`` of *kept* stay.

    Each of *kept* is a number with whether it was submitted. The first and the newest stay, of the others the oldest
    go, what was submitted last of all.
    """
    between = sorted(kept)[1:-1]
    order = sorted(between, key=lambda one: (one[1], one[0]))
    return [number for number, _ in order[: max(0, len(kept) - MOST_KEPT)]]
