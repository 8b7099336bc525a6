"""
How far several people who judged the same agree beyond chance.

Krippendorff's alpha for nominal values (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011): 1 where all
agree, 0 where they agree as chance would, below 0 where they contradict each other. What one person alone judged says
nothing. The interval is a bootstrap over what was judged (Hayes and Krippendorff, Communication Methods and Measures
2007, in its plain form).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

RESAMPLES = 400
SEED = 20_111_125

Unit = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha (at most 1) with its 95 % interval, and of how many units that two or more judged."""

    alpha: float
    low: float
    high: float
    units: int


def agreement_of(units: Sequence[Sequence[Hashable]]) -> Agreement | None:
    """
    Return how far the values of *units* agree, each the values that different people gave one thing.

    None where fewer than two were judged by two or more, or all values are the same: chance would agree as much.
    """
    # Alike units count together: there are few different ones, however many were judged.
    judged = Counter(tuple(sorted(unit, key=repr)) for unit in units if len(unit) > 1)
    total = sum(judged.values())
    alpha = _alpha(judged) if total > 1 else None
    if alpha is None:
        return None
    drawn = Random(SEED)  # noqa: S311  a bootstrap to be repeated
    kinds = sorted(judged, key=repr)
    weights = [judged[kind] for kind in kinds]
    samples = (_alpha(Counter(drawn.choices(kinds, weights, k=total))) for _ in range(RESAMPLES))
    # A draw in which all say the same agrees wholly.
    found = sorted(1.0 if one is None else one for one in samples)
    low, high = found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)]
    return Agreement(alpha, min(low, alpha), max(high, alpha), total)


def _alpha(judged: Mapping[Unit, int]) -> float | None:
    values: Counter[Hashable] = Counter()
    unlike = 0.0
    for unit, times in judged.items():
        own = Counter(unit)
        values.update({value: count * times for value, count in own.items()})
        pairs = len(unit) ** 2 - sum(count**2 for count in own.values())
        unlike += times * pairs / (len(unit) - 1)
    total = sum(values.values())
    by_chance = total**2 - sum(count**2 for count in values.values())
    return 1 - (total - 1) * unlike / by_chance if by_chance else None
