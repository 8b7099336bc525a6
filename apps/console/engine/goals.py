"""Whether a figure reaches its goal: alone, or beside what it was in the past."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Against(StrEnum):
    """What a goal compares: the value itself, how many times the baseline it is, or by which share it is below it."""

    VALUE = "value"
    TIMES = "times"
    LESS = "less"


class GoalState(StrEnum):
    """Where a figure stands to its goal; named as the chips are."""

    MET = "met"
    NOT_MET = "not_met"
    INSUFFICIENT_DATA = "insufficient_data"
    ERROR = "error"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Goal:
    """
    A bound, and the side from which it is kept.

    With :attr:`Against.TIMES` and :attr:`Against.LESS` it is about the baseline: 5 times as much, 0.8 less.
    """

    bound: float
    against: Against = Against.VALUE
    at_least: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """A compared value with its interval, None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


def compared(goal: Goal, value: Standing, baseline: float | None) -> Standing | None:
    """Return what the goal is about; None where it needs a baseline and there is none. A baseline is above 0."""
    if goal.against is Against.VALUE:
        return value
    if baseline is None:
        return None
    ratio = value.value / baseline
    low = None if value.low is None else value.low / baseline
    high = None if value.high is None else value.high / baseline
    if goal.against is Against.TIMES:
        return Standing(ratio, low, high)
    return Standing(1 - ratio, None if high is None else 1 - high, None if low is None else 1 - low)


def goal_state(goal: Goal, standing: Standing | None, *, is_partial: bool = False) -> GoalState:
    """
    Return where a figure stands to its goal.

    With an interval the whole of it has to be on the right side to be met, and on the wrong one to be not met: between
    them there are too few observations to tell. A figure that ``is_partial`` leaves out something that its baseline
    counts: it can miss its goal, never meet it.
    """
    if standing is None:
        return GoalState.INSUFFICIENT_DATA
    low = standing.value if standing.low is None else standing.low
    high = standing.value if standing.high is None else standing.high
    worst, best = (low, high) if goal.at_least else (high, low)
    if _keeps(goal, worst):
        return GoalState.INSUFFICIENT_DATA if is_partial else GoalState.MET
    return GoalState.INSUFFICIENT_DATA if _keeps(goal, best) else GoalState.NOT_MET


def _keeps(goal: Goal, value: float) -> bool:
    return value >= goal.bound if goal.at_least else value <= goal.bound
