"""Two texts compared line by line, in a time that a person can wait for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

# About a second on one processor.
MAX_PAIRS = 2_000_000


def line_matcher(before: Sequence[str], after: Sequence[str]) -> SequenceMatcher[str]:
    """
    Return the comparison of two lists of lines, exact unless the same lines come again and again.

    The exact one looks at each pair of equal lines: for a text of one line, thirty thousand times, that takes minutes.
    Above ``MAX_PAIRS`` such lines align nothing, so that the differences are as true but may be larger.
    """
    times = Counter(after)
    pairs = sum(times[line] for line in before)
    return SequenceMatcher(None, before, after, autojunk=pairs > MAX_PAIRS)
