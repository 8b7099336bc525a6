"""Intervals of rates, so that every published share says how much it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def middle(values: Sequence[float]) -> Interval:
    """
    Return the median with the interval of the order statistics around it, which needs no distribution (Conover, 1999).

    :raises ValueError: there is no value.
    """
    if not values:
        raise ValueError("A median needs a value.")
    ordered = sorted(values)
    count = len(ordered)
    spread = Z95 * math.sqrt(count) / 2
    low, high = math.floor(count / 2 - spread), math.ceil(count / 2 + spread)
    between = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Interval(between, ordered[max(low, 0)], ordered[min(high, count - 1)])


def poisson(count: int) -> Interval:
    """Return a count of independent events with its interval (Byar's approximation; Breslow and Day, 1987)."""
    low = count * (1 - 1 / (9 * count) - Z95 / (3 * math.sqrt(count))) ** 3 if count else 0.0
    above = count + 1
    return Interval(count, low, above * (1 - 1 / (9 * above) + Z95 / (3 * math.sqrt(above))) ** 3)
