"""For how long people actively reviewed: read from a form, put into classes, and said for a group."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from apps.core.intervals import Z95

# From how many minutes a class begins; it ends where the next one does, the last one nowhere.
CLASSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
LONGEST_S = 12 * 3600
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def seconds_read(text: str) -> float | None:
    """Return the seconds that a form sent, at most twelve hours; None where it sent none or nonsense: not measured."""
    return min(float(text), float(LONGEST_S)) if _NUMBER.fullmatch(text) else None


def class_of(seconds: float) -> int:
    """Return the class, from 0, that a time falls into."""
    return bisect_right(CLASSES, seconds / 60) - 1


def class_words(number: int) -> str:
    """Return a class in words, such as "4 to 8 min"."""
    if number == len(CLASSES) - 1:
        return f"{CLASSES[number]:g} min or more"
    return f"{CLASSES[number]:g} to {CLASSES[number + 1]:g} min"


def class_middle(number: int) -> float:
    """Return the minutes in the middle of a class; where the last one begins."""
    return CLASSES[number] if number == len(CLASSES) - 1 else (CLASSES[number] + CLASSES[number + 1]) / 2


def quantile_class(counts: Mapping[int, int], share: float) -> int:
    """
    Return the class in which the quantile of *share* lies, the value at rank ceil(share n).

    :raises ValueError: there is no count.
    """
    total = sum(counts.values())
    if not total:
        raise ValueError("A quantile needs a review.")
    return _at_rank(counts, max(1, math.ceil(share * total)))


def median_bounds(counts: Mapping[int, int]) -> tuple[float, float]:
    """
    Return minutes between which the median lies at 95 %: the ends of the classes of the order statistics around it.

    The upper one is infinite where it lies in the last class. (Conover, "Practical Nonparametric Statistics", 1999.)
    """
    total = sum(counts.values())
    spread = Z95 * math.sqrt(total) / 2
    low = _at_rank(counts, max(1, math.floor(total / 2 - spread) + 1))
    high = _at_rank(counts, min(total, math.ceil(total / 2 + spread) + 1))
    return CLASSES[low], CLASSES[high + 1] if high + 1 < len(CLASSES) else math.inf


def _at_rank(counts: Mapping[int, int], rank: int) -> int:
    ordered = sorted(number for number, count in counts.items() if count)
    reached = accumulate(counts[number] for number in ordered)
    return next(number for number, until in zip(ordered, reached, strict=True) if until >= rank)
