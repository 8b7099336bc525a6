"""How much of a change was in view: read from a form, put into tenths, and said for a group."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate

TENTHS = 10
GROUP = 10
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def percent_read(text: str) -> int | None:
    """Return the percentage that a form sent, from 0 to 100; None where it sent none or nonsense: not measured."""
    if _NUMBER.fullmatch(text) is None:
        return None
    return round(min(max(float(text), 0.0), 100.0))


def tenth_of(percent: int) -> int:
    """Return the tenth, from 0 to 9, that a percentage falls into; 100 belongs to the last."""
    return min(percent // 10, TENTHS - 1)


def tenth_words(tenth: int) -> str:
    """Return a tenth in words, such as "70 to 80 %"."""
    return f"{10 * tenth} to {10 * tenth + 10} %"


def quartiles(counts: Mapping[int, int]) -> Sequence[int]:
    """
    Return the tenths in which the lower quartile, the median and the upper quartile fall; () of no reviews.

    The quantile of a share p is the value at rank ceil(p n), the inverse of the empirical distribution.
    """
    total = sum(counts.values())
    ranks = [-(-total * part // 4) for part in (1, 2, 3)]
    reached = list(accumulate(counts[tenth] for tenth in sorted(counts)))
    return [sorted(counts)[bisect_left(reached, rank)] for rank in ranks] if total else ()
