"""
Tripwires: a figure and a bound. Past the bound, what was opened is suspended without a meeting.

A figure without a value yet trips nothing. A source that fails trips once it has failed for longer than the grace
that the tripwire gives it, since what nobody can see must not go on for ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LONGEST_WINDOW_DAYS = 365
LONGEST_GRACE_HOURS = 24 * 14


class Trips(StrEnum):
    """On which side of the bound it trips."""

    ABOVE = "above"
    BELOW = "below"


class TripwireState(StrEnum):
    """How a tripwire was last found."""

    CLEAR = "clear"
    NO_VALUE = "no_value"
    FAILING = "failing"
    TRIPPED = "tripped"


@dataclass(frozen=True)
class Tripwire:
    """
    A measure, its bound, and on which side of it (never on it) the wire trips.

    The figure is that of the last ``window_days``. Below ``least_n`` observations it is not judged. A source that
    fails has ``grace_hours`` before it counts as tripped.
    """

    measure: str
    bound: float
    trips: Trips
    window_days: int = 28
    grace_hours: int = 24
    least_n: int = 0

    def __post_init__(self) -> None:
        if not self.measure:
            raise ValueError("A tripwire names the measure that it watches.")
        if not math.isfinite(self.bound):
            raise ValueError(f"The bound of {self.measure} is no number.")
        if not 1 <= self.window_days <= LONGEST_WINDOW_DAYS:
            raise ValueError(f"The window of {self.measure} lies between 1 and {LONGEST_WINDOW_DAYS} days.")
        if not 0 <= self.grace_hours <= LONGEST_GRACE_HOURS:
            raise ValueError(f"The grace of {self.measure} lies between 0 and {LONGEST_GRACE_HOURS} hours.")
        if self.least_n < 0:
            raise ValueError(f"{self.measure} cannot be judged from fewer than no observations.")

    def is_past(self, value: float) -> bool:
        """Return whether *value* is on the wrong side of the bound."""
        return value > self.bound if self.trips is Trips.ABOVE else value < self.bound


@dataclass(frozen=True)
class Found:
    """
    What was read: a value with how much it rests on, or why there is none.

    ``problem`` says that the source failed; ``failing_since`` is when it began to.
    """

    value: float | None = None
    n: int = 0
    problem: str = ""
    failing_since: datetime | None = None


def tripwires_default() -> tuple[Tripwire, ...]:
    """Return the tripwires of a rung that names none: rework, reverts, flakes, coverage, incidents."""
    return (
        Tripwire("generation.rework_rate", bound=0.30, trips=Trips.ABOVE, least_n=100),
        Tripwire("generation.revert_rate", bound=0.15, trips=Trips.ABOVE, least_n=20),
        Tripwire("quality.flake_rate", bound=0.03, trips=Trips.ABOVE, least_n=100),
        Tripwire("quality.coverage_line", bound=0.80, trips=Trips.BELOW),
        Tripwire("governance.open_incidents", bound=0, trips=Trips.ABOVE, grace_hours=1),
    )


def tripwire_read(data: Mapping[str, Any]) -> Tripwire:
    """
    Return the tripwire that *data* describes.

    :raises ValueError: it is none, with a sentence about why.
    """
    try:
        return Tripwire(
            measure=str(data["measure"]),
            bound=float(data["bound"]),
            trips=Trips(data["trips"]),
            window_days=int(data.get("window_days", 28)),
            grace_hours=int(data.get("grace_hours", 24)),
            least_n=int(data.get("least_n", 0)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("A tripwire has a measure, a bound, and the side on which it trips.") from error


def tripwire_data(wire: Tripwire) -> dict[str, Any]:
    """Return *wire* as JSON data; ``tripwire_read`` makes the same of it."""
    return {**asdict(wire), "trips": wire.trips.value}


def tripwire_judge(wire: Tripwire, found: Found, now: datetime) -> TripwireState:
    """Return the state of *wire* at *now*, given what was *found*."""
    if found.problem:
        since = found.failing_since or now
        is_over = now - since >= timedelta(hours=wire.grace_hours)
        return TripwireState.TRIPPED if is_over else TripwireState.FAILING
    if found.value is None or math.isnan(found.value) or found.n < wire.least_n:
        return TripwireState.NO_VALUE
    return TripwireState.TRIPPED if wire.is_past(found.value) else TripwireState.CLEAR
