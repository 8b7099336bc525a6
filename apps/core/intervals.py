"""Intervals of rates, so that every published share says how much it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def wilson(right: float, total: int) -> Interval:
    """Return a rate with its score interval (Wilson, 1927); the whole range where there is nothing."""
    if not total:
        return Interval(0.0, 0.0, 1.0)
    rate = right / total
    centre = rate + Z95**2 / (2 * total)
    spread = Z95 * math.sqrt(rate * (1 - rate) / total + Z95**2 / (4 * total**2))
    scale = 1 + Z95**2 / total
    return Interval(rate, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))
