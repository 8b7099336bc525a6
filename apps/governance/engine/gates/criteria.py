"""
One criterion of a gate, held against a reading.

A threshold compares with the honest bound: of a rate the lower end of its 95 % interval (Wilson, 1927) for "at least",
the upper end for "below"; of a minimum over a window the minimum itself. What failed, is missing or is too old never
passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.intervals import wilson
from apps.governance.engine.figures import counted, told
from apps.governance.measures import Measure, Reading, Shape

# A reading from later than this ahead of our clock is one of a clock that jumped.
CLOCK_SKEW = timedelta(minutes=5)
# Who would have to make more observations than this to show a threshold is asked for what nobody can show.
MOST_OBSERVATIONS = 1_000_000


class State(StrEnum):
    """Where a criterion stands; the values are names in ``apps/core/states.py``."""

    MET = "met"
    NOT_MET = "not_met"
    INSUFFICIENT_DATA = "insufficient_data"
    STALE = "stale"
    WAIVED = "waived"
    ERROR = "error"


# Where the figure itself cannot be trusted, nothing is opened and nothing is decided, whatever was waived.
BLOCKING = frozenset({State.ERROR, State.STALE})
PASSING = frozenset({State.MET, State.WAIVED})
WAIVABLE = frozenset({State.NOT_MET, State.INSUFFICIENT_DATA})


class Comparison(StrEnum):
    """How the bound has to lie to the threshold."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BELOW = "below"


WORDS = {Comparison.AT_LEAST: "at least", Comparison.AT_MOST: "at most", Comparison.BELOW: "below"}
SIGNS = {Comparison.AT_LEAST: "≥", Comparison.AT_MOST: "≤", Comparison.BELOW: "<"}


@dataclass(frozen=True)
class Criterion:
    """
    What a gate asks of one measure.

    ``threshold`` is in the measure's own unit: a share from 0 to 1 of a rate. ``minimum_n`` observations are needed
    before anything is said. ``good`` names one observation that helps and several of them, ``counted`` one that counts
    and several. A criterion that is not ``is_required`` informs: it has to be readable, but not met. ``per_flagship``
    reads it for each flagship repository by itself.
    """

    key: str
    title: str
    measure: str
    comparison: Comparison
    threshold: float
    minimum_n: int = 1
    window_days: int = 90
    counted: tuple[str, str] = ("observation", "observations")
    good: tuple[str, str] = ("good observation", "good observations")
    is_required: bool = True
    per_flagship: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.threshold):
            raise ValueError(f"{self.title}: the threshold is a number.")
        if self.minimum_n < 0 or self.window_days < 1:
            raise ValueError(f"{self.title}: observations are counted from 0, and a window has at least one day.")

    @property
    def window(self) -> timedelta:
        """How far back the measure is read."""
        return timedelta(days=self.window_days)


@dataclass(frozen=True)
class Judged:
    """
    A criterion's state with the sentence that says why, and ``low`` and ``high`` as they were compared.

    ``missing_n`` counts the further observations, all of them good, after which it would be met; None where no number
    of them is known to do.
    """

    state: State
    sentence: str
    low: float | None = None
    high: float | None = None
    missing_n: int | None = None


def judge(
    criterion: Criterion, measure: Measure | None, reading: Reading | None, *, error: str, now: datetime
) -> Judged:
    """
    Return where *criterion* stands.

    *measure* is None where nobody registered it, *reading* where it failed with *error*. Whatever is wrong with a
    reading comes out as an error; nothing raises.
    """
    if measure is None:
        return Judged(State.ERROR, f"Nothing measures this yet: no app registered {criterion.measure}.")
    if error or reading is None:
        return Judged(State.ERROR, error or "It has not been read yet.")
    problem = _problem(measure, reading, now)
    if problem:
        return Judged(State.ERROR, problem)
    if reading.value is None:
        return Judged(State.INSUFFICIENT_DATA, reading.missing, missing_n=_from_nothing(criterion, measure))
    low, high = bounds(measure, reading)
    missing = shortfall(criterion, measure, reading)
    if reading.as_of is not None and now - reading.as_of > measure.freshness:
        age = counted((now - reading.as_of).days, "day", "days")
        return Judged(
            State.STALE,
            f"The newest observation is {age} old; after {measure.freshness.days} it says nothing of today.",
            low,
            high,
            missing,
        )
    return _compared(criterion, measure, reading, low, high, missing)


def bounds(measure: Measure, reading: Reading) -> tuple[float, float]:
    """Return the ends between which the value of *reading* lies at 95 %: of a rate never nearer than Wilson's."""
    value = reading.value if reading.value is not None else math.nan
    low = value if reading.low is None else min(reading.low, value)
    high = value if reading.high is None else max(reading.high, value)
    if measure.shape is Shape.RATE:
        interval = wilson(value * reading.n, reading.n)
        return min(low, interval.low), max(high, interval.high)
    return low, high


def holds(comparison: Comparison, value: float, threshold: float) -> bool:
    """Return whether *value* lies to *threshold* as *comparison* says."""
    if comparison is Comparison.AT_LEAST:
        return value >= threshold
    return value <= threshold if comparison is Comparison.AT_MOST else value < threshold


def honest(comparison: Comparison, low: float, high: float) -> float:
    """Return the end of an interval that a threshold compares with."""
    return low if comparison is Comparison.AT_LEAST else high


def shortfall(criterion: Criterion, measure: Measure, reading: Reading) -> int | None:
    """
    Return the fewest further observations, all of them good, after which *criterion* would be met; 0 when it is.

    None where counting does not say: a minimum, a sum or a middle value does not follow from a number of observations.
    """
    if measure.shape is not Shape.RATE or reading.value is None:
        enough = max(0, criterion.minimum_n - reading.n)
        return enough if _is_met(criterion, *bounds(measure, reading)) else None
    return fewest_more(criterion, good=reading.value * reading.n, n=reading.n)


def fewest_more(criterion: Criterion, *, good: float, n: int) -> int | None:
    """
    Return the fewest further good observations that would show *criterion*, beside *good* counted ones of *n*.

    *good* is what the rate counts: approvals for "at least", flakes for "below", where a good observation adds none.
    None when :data:`MOST_OBSERVATIONS` are not enough.
    """
    gain = 1.0 if criterion.comparison is Comparison.AT_LEAST else 0.0

    def shows(more: int) -> bool:
        interval = wilson(min(good + gain * more, n + more), n + more)
        return n + more >= criterion.minimum_n and _is_met(criterion, interval.low, interval.high)

    if not shows(MOST_OBSERVATIONS):
        return None
    fewest, most = -1, MOST_OBSERVATIONS
    while most - fewest > 1:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if shows(middle) else (middle, most)
    return most


def impossible(criterion: Criterion, shape: Shape) -> str:
    """Return why nothing could ever meet *criterion*, as a sentence; empty when something could."""
    if shape is Shape.RATE and not 0 <= criterion.threshold <= 1:
        return f"{criterion.title}: a rate lies between 0 and 100 %."
    if shape is Shape.RATE and fewest_more(criterion, good=0, n=0) is None:
        return (
            f"{criterion.title}: no number of observations up to {MOST_OBSERVATIONS:,} could show "
            f"{WORDS[criterion.comparison]} {criterion.threshold:.3%}, even if all were good."
        )
    if criterion.comparison is Comparison.BELOW and criterion.threshold <= 0:
        return f"{criterion.title}: nothing that is counted is below {criterion.threshold:g}."
    return ""


def _problem(measure: Measure, reading: Reading, now: datetime) -> str:
    figures = [figure for figure in (reading.value, reading.low, reading.high) if figure is not None]
    if reading.n < 0 or not all(math.isfinite(figure) for figure in figures):
        return "The measure gave something that is not a number."
    if measure.shape is Shape.RATE and not all(0 <= figure <= 1 for figure in figures):
        return "The measure gave a rate that is not between 0 and 100 %."
    if reading.as_of is not None and reading.as_of - now > CLOCK_SKEW:
        return "The newest observation is from the future: the clock of its source, or ours, is wrong."
    if reading.value is not None and reading.as_of is None and measure.shape is not Shape.COUNT:
        return "The measure does not say from when its newest observation is."
    return ""


def _from_nothing(criterion: Criterion, measure: Measure) -> int | None:
    return fewest_more(criterion, good=0, n=0) if measure.shape is Shape.RATE else None


def _is_met(criterion: Criterion, low: float, high: float) -> bool:
    return holds(criterion.comparison, honest(criterion.comparison, low, high), criterion.threshold)


def _compared(
    criterion: Criterion, measure: Measure, reading: Reading, low: float, high: float, missing: int | None
) -> Judged:
    value = reading.value if reading.value is not None else math.nan
    wanted = f"{WORDS[criterion.comparison]} {told(criterion.threshold, measure)}"
    is_met = _is_met(criterion, low, high)
    if reading.n < criterion.minimum_n or (not is_met and holds(criterion.comparison, value, criterion.threshold)):
        return Judged(State.INSUFFICIENT_DATA, _too_few(criterion, reading, wanted, missing), low, high, missing)
    bound = _apart(honest(criterion.comparison, low, high), criterion, measure)
    if is_met:
        return Judged(State.MET, f"{_end(criterion, measure)}, {bound}, is {wanted}.", low, high, 0)
    flips = (
        f" {_more(criterion.good, missing)} in a row would turn it."
        if missing
        else " No number of further observations is known to turn it."
    )
    return Judged(State.NOT_MET, f"{_apart(value, criterion, measure)} is not {wanted}.{flips}", low, high, missing)


def _too_few(criterion: Criterion, reading: Reading, wanted: str, missing: int | None) -> str:
    if missing is not None:
        return f"{_more(criterion.good, missing)} would show that it is {wanted}."
    fewer = criterion.minimum_n - reading.n
    if fewer > 0:
        one, many = criterion.counted
        return f"{counted(fewer, f'more {one}', f'more {many}')} before this says anything."
    return f"The interval is too wide to say that it is {wanted}."


def _more(names: tuple[str, str], count: int) -> str:
    return f"Another {counted(count, *names)}"


def _end(criterion: Criterion, measure: Measure) -> str:
    if measure.shape is Shape.MINIMUM:
        return "The lowest value in the window"
    if measure.shape is Shape.COUNT:
        return "The count"
    return (
        "The lower end of the interval"
        if criterion.comparison is Comparison.AT_LEAST
        else "The upper end of the interval"
    )


def _apart(value: float, criterion: Criterion, measure: Measure) -> str:
    """Return *value* with so many digits that it reads differently from a threshold that it is not."""
    threshold = criterion.threshold
    for digits in (2, 4):
        if told(value, measure, digits=digits) != told(threshold, measure, digits=digits):
            return told(value, measure, digits=digits)
    return told(value, measure, digits=2 if value == threshold else 8)
