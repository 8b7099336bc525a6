"""
How often each model is right, by family of task, from answers whose truth is known or likely.

A model is taken to be as good as its prior until answers say otherwise; in one family, as good as in all others, which
count for at most so many answers (partial pooling, as in Gelman and Hill, 2007). What is known is a Beta distribution,
so there is an interval, wide while little is known.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Models differ on the harder tasks, and there the better ones are ahead by more than on all.
SHARPNESS = 3
# A model is as good as its prior until this many of its answers say otherwise.
SHRINKAGE = 4.0
# What a model did in other families counts for fewer than this many answers in one.
BORROWED = 50.0
_HALF_TAIL = 0.025
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer of a model to a task of a family; ``right`` (0..1) is how likely it is right by what is known."""

    model: str
    family: str
    right: float


@dataclass(frozen=True, slots=True)
class Tally:
    """``answers`` that were judged, and how many of them were ``right``, a likely one by its likelihood."""

    answers: float = 0.0
    right: float = 0.0

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(self.answers + other.answers, self.right + other.right)


@dataclass(frozen=True, slots=True)
class Expertise:
    """A share of right answers with its 95 % interval; ``answers`` of this family were judged."""

    mean: float
    low: float
    high: float
    answers: float


class Record:
    """What is known about models, from the tallies of each (model, family)."""

    def __init__(self, tallies: Mapping[tuple[str, str], Tally]) -> None:
        """Keep *tallies*; a model without one is known by its prior alone."""
        self._own = dict(tallies)
        self._all: dict[str, Tally] = defaultdict(Tally)
        for (model, _), tally in sorted(tallies.items()):
            self._all[model] = self._all[model].plus(tally)

    def expertise(self, model: str, family: str, *, prior: float) -> Expertise:
        """Return the expertise of a model; *prior* (0..1) is what is expected of it before any evidence."""
        alpha, beta = self._posterior(model, family, prior)
        low, high = (beta_quantile(tail, alpha, beta) for tail in (_HALF_TAIL, 1 - _HALF_TAIL))
        return Expertise(alpha / (alpha + beta), low, high, self._own.get((model, family), Tally()).answers)

    def mean(self, model: str, family: str, *, prior: float) -> float:
        """Return the mean of the expertise alone."""
        alpha, beta = self._posterior(model, family, prior)
        return alpha / (alpha + beta)

    def _posterior(self, model: str, family: str, prior: float) -> tuple[float, float]:
        own = self._own.get((model, family), Tally())
        everything = self._all.get(model, Tally())
        answers, right = max(0.0, everything.answers - own.answers), max(0.0, everything.right - own.right)
        elsewhere = (SHRINKAGE * prior + right) / (SHRINKAGE + answers)
        strength = SHRINKAGE + answers * BORROWED / (answers + BORROWED)
        alpha = strength * elsewhere + own.right
        beta = strength * (1 - elsewhere) + own.answers - own.right
        return max(alpha, _TINY), max(beta, _TINY)


def vote_of(expertise: float) -> float:
    """Return what the vote of a model weighs whose share of right answers is *expertise* (0..1): its cube."""
    return max(expertise, 0.01) ** SHARPNESS


def tallied(judged: Iterable[Judged]) -> dict[tuple[str, str], Tally]:
    """Return the tally of each model and family."""
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for one in judged:
        found[one.model, one.family] = found[one.model, one.family].plus(Tally(1.0, one.right))
    return dict(found)


def beta_quantile(share: float, alpha: float, beta: float) -> float:
    """Return the value below which *share* of a Beta distribution lies, to some ten digits, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if beta_below(middle, alpha, beta) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, alpha: float, beta: float) -> float:
    """
    Return the share of a Beta distribution below *x*: the regularised incomplete beta function.

    By its continued fraction (Lentz's method, as in DiDonato and Morris, 1992), from the side on which that converges.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (alpha + 1) / (alpha + beta + 2):
        return 1 - beta_below(1 - x, beta, alpha)
    front = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
    front += alpha * math.log(x) + beta * math.log1p(-x)
    return math.exp(front) * _fraction(x, alpha, beta) / alpha


def _fraction(x: float, alpha: float, beta: float) -> float:
    above, below = 1.0, 1 - (alpha + beta) * x / (alpha + 1)
    below = 1 / (below or _TINY)
    found = below
    for m in range(1, 500):
        even = m * (beta - m) * x / ((alpha + 2 * m - 1) * (alpha + 2 * m))
        odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2 * m) * (alpha + 2 * m + 1))
        for term in (even, odd):
            below = 1 / ((1 + term * below) or _TINY)
            above = (1 + term / above) or _TINY
            found *= above * below
        if abs(above * below - 1) < 1e-12:
            break
    return found
