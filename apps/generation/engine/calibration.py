"""
The probability that a choice is right, and how well it is known.

A logistic regression that was fitted on public problems says what the evidence is worth there, in pools of any size. A
place differs from them: its tasks are harder, its models weaker. So its log odds are ``a + b * public``, as in Platt's
scaling (1999), where *a* and *b* are normal about 0 and 1, as far apart as public problems of different origin are from
each other. Until enough requests were judged here that spread is the interval; then their verdicts narrow it (empirical
Bayes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.generation.engine.logistic import fit, probability
from apps.generation.engine.sureness import NAMES, Sureness

# From so many judged requests on the platform's own record counts.
ENOUGH = 20
# Nobody is surer than this, whatever agrees: hidden tests of public problems are wrong oftener.
LEAST, MOST = 0.01, 0.99
_Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Public:
    """
    What was fitted on public problems: the log odds are ``constant`` and the sum of ``slopes`` times figures.

    ``place_sd`` and ``slope_sd`` are the standard deviations of *a* and *b* between ``sources``; ``problems`` counts
    the different problems, ``choices`` the pools drawn from their answers; ``fitted`` is the day, as in 2026-11-30.
    """

    constant: float
    slopes: dict[str, float]
    place_sd: float
    slope_sd: float
    problems: int
    choices: int
    fitted: str
    sources: tuple[str, ...]

    def logit(self, sureness: Sureness) -> float:
        """Return the log odds of being right among public problems."""
        return self.constant + math.fsum(
            self.slopes[name] * value for name, value in zip(NAMES, sureness.figures, strict=True)
        )


# Printed by `nofx consensus calibrate` on recorded answers of real models; docs/consensus.md says how well it does.
PUBLIC = Public(
    constant=-2.948,
    slopes={
        "rivals": 0.382,
        "passing": 0.429,
        "agreement": 0.848,
        "examples": 0.873,
        "failed": -3.143,
        "tests": 1.889,
        "trust": 0.567,
    },
    place_sd=0.74,
    slope_sd=0.196,
    problems=684,
    choices=5463,
    fitted="2026-11-30",
    sources=("HumanEval, 17 models", "HumanEval, CodeGen-16B", "MBPP, 13 models"),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    A probability with its 95 % interval. ``judged`` requests of this platform are known; ``is_local`` says whether they
    are enough to be counted.
    """

    probability: float
    low: float
    high: float
    judged: int
    is_local: bool


class Calibration:
    """What choices are worth here, learned from those that were judged: what stood behind each, and 1 where right."""

    def __init__(self, judged: Sequence[tuple[Sureness, float]] = (), *, public: Public = PUBLIC) -> None:
        """Learn from *judged*, where they are enough."""
        self.judged = len(judged)
        self.is_local = len(judged) >= ENOUGH
        self._public = public
        known = judged if self.is_local else ()
        self._here = fit(
            [(1.0, public.logit(sureness)) for sureness, _ in known],
            [right for _, right in known],
            means=(0.0, 1.0),
            precisions=(public.place_sd**-2, public.slope_sd**-2),
        )

    def estimate(self, sureness: Sureness) -> Estimate:
        """Return how probable it is that a choice with *sureness* behind it is right."""
        row = (1.0, self._public.logit(sureness))
        middle, spread = self._here.logit(row), self._here.spread(row)
        low, said, high = (_bounded(probability(middle + z * spread)) for z in (-_Z95, 0.0, _Z95))
        return Estimate(said, low, high, self.judged, self.is_local)


def _bounded(share: float) -> float:
    return min(MOST, max(LEAST, share))
