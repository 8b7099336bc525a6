"""What a request will take, told from those before it: the median and the 90th percentile, with how many there were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """The median and the 90th percentile of ``n`` values, in their unit."""

    n: int
    median: float
    ninetieth: float


def range_of(values: Sequence[float]) -> Range | None:
    """Return the range of *values*, None without any. A quantile of share p is the value at rank ceil(p n)."""
    if not values:
        return None
    ordered = sorted(values)
    return Range(len(ordered), _at(ordered, 0.5), _at(ordered, 0.9))


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]
