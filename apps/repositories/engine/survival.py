"""How long lines live: the product-limit estimate of Kaplan and Meier (1958) with Greenwood's variance (1926)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.core.intervals import Z95


class Life(NamedTuple):
    """``lines`` that were seen for ``days``, until they ended or, without an event, until they were last looked at."""

    days: float
    is_ended: bool
    lines: int


@dataclass(frozen=True, slots=True)
class Step:
    """From ``days`` on a share ``survival`` lives, ``low`` to ``high`` at 95 %; ``at_risk`` were seen so long."""

    days: float
    at_risk: int
    ended: int
    survival: float
    low: float
    high: float


def kaplan_meier(lives: Iterable[Life]) -> list[Step]:
    """
    Return the steps of the survival curve, one for each time at which something ended; none where nothing did.

    The interval is Greenwood's on the scale of log(-log S), which keeps it between 0 and 1 (Kalbfleisch and Prentice,
    1980). It takes lines as independent, so it is narrow where whole functions end together.
    """
    ended: Counter[float] = Counter()
    seen: Counter[float] = Counter()
    for life in lives:
        seen[life.days] += life.lines
        if life.is_ended:
            ended[life.days] += life.lines
    at_risk = sum(seen.values())
    survival, variance = 1.0, 0.0
    steps: list[Step] = []
    for days in sorted(seen):
        if ended[days]:
            survival *= 1 - ended[days] / at_risk
            if at_risk > ended[days]:
                variance += ended[days] / (at_risk * (at_risk - ended[days]))
            before = steps[-1].high if steps else 1.0
            low, high = _interval(survival, variance) if survival > 0 else (0.0, before)
            steps.append(Step(days, at_risk, ended[days], survival, low, high))
        at_risk -= seen[days]
    return steps


def survival_at(steps: Sequence[Step], days: float) -> Step | None:
    """Return the last step at or before *days*; None where nothing had ended by then."""
    return next((step for step in reversed(steps) if step.days <= days), None)


def _interval(survival: float, variance: float) -> tuple[float, float]:
    spread = math.exp(Z95 * math.sqrt(variance) / abs(math.log(survival)))
    return survival**spread, survival ** (1 / spread)
