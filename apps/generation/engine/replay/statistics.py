"""Intervals and calibration, in plain Python, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from apps.core.intervals import Interval
from apps.generation.engine.logistic import fit, probability

RESAMPLES = 2_000
BINS = 5
PRECISION = 0.95
_SHRINKAGE = 0.02


def paired_bootstrap(differences: Sequence[float], *, seed: int) -> Interval:
    """Return the mean of paired differences with its percentile interval (Efron, 1979)."""
    count = len(differences)
    random = Random(seed)  # noqa: S311 - resampling, no secret
    means = sorted(math.fsum(random.choices(differences, k=count)) / count for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return Interval(math.fsum(differences) / count, low, high)


@dataclass(frozen=True, slots=True)
class Bin:
    """Choices of similar probability: how many, what was said and what was true, on average."""

    count: int
    said: float
    right: float


def reliability(said: Sequence[float], right: Sequence[float]) -> list[Bin]:
    """Return bins of equal size, by rising probability."""
    pairs = sorted(zip(said, right, strict=True))
    edges = [round(index * len(pairs) / BINS) for index in range(BINS + 1)]
    parts = [pairs[low:high] for low, high in pairwise(edges) if high > low]
    return [Bin(len(part), sum(p for p, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean distance of what was said from what was true, by bin."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.said - one.right) for one in bins) / total if total else 0.0


class Calibrator:
    """A logistic regression from the figures of a choice to its probability of being right, shrunk towards the mean."""

    def __init__(self, features: Sequence[Sequence[float]], right: Sequence[float]) -> None:
        """Learn from choices whose truth (0..1) is known; without any, every probability is one half."""
        count = len(features)
        columns = list(zip(*features, strict=True))
        self._means = [math.fsum(column) / count for column in columns]
        self._scales = [
            math.sqrt(math.fsum((value - middle) ** 2 for value in column) / count) or 1.0
            for column, middle in zip(columns, self._means, strict=True)
        ]
        rate = (math.fsum(right) + 1) / (count + 2)
        self._learned = fit(
            [self._row(features_of) for features_of in features],
            right,
            means=[math.log(rate / (1 - rate)), *(0.0 for _ in columns)],
            precisions=[_SHRINKAGE, *(_SHRINKAGE * max(count, 1) for _ in columns)],
        )

    def _row(self, figures: Sequence[float]) -> list[float]:
        scaled = zip(figures, self._means, self._scales, strict=True)
        return [1.0, *((value - middle) / scale for value, middle, scale in scaled)]

    def probability(self, figures: Sequence[float]) -> float:
        """Return the probability that a choice with these figures is right."""
        return probability(self._learned.logit(self._row(figures))) if self._means else 0.5


def threshold(said: Sequence[float], right: Sequence[float]) -> float:
    """
    Return the smallest probability from which on at least 95 % of the choices were right; above 1 if none is.

    They must be so by one standard error (the rule of Breiman et al., 1984), for a share that is 95 % by luck among
    those it was chosen by is less among others.
    """
    pairs = sorted(zip(said, right, strict=True), reverse=True)
    best, sum_right = 1.1, 0.0
    for count, (limit, truth) in enumerate(pairs, 1):
        sum_right += truth
        share = sum_right / count
        if share - math.sqrt(share * (1 - share) / count) >= PRECISION:
            best = limit
    return best
