"""
The figures that gates, the ladder and the metrics pages rest on.

An app registers a measure of what it records; governance imports none of them. A reading always says how much it rests
on, and when it has no value it says what is missing. Nothing is typed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SOURCES_SHOWN = 20


class MeasureUnavailable(Exception):
    """The source of a measure could not be read; the message is a sentence for people."""


class Shape(StrEnum):
    """What sort of number a measure is: a share of n, the smallest in a window, a sum, a middle value."""

    RATE = "rate"
    MINIMUM = "minimum"
    COUNT = "count"
    MEDIAN = "median"


@dataclass(frozen=True)
class Window:
    """From when, inclusive, to when, exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Source:
    """One row behind a figure, with its page ("" where it has none)."""

    title: str
    url: str = ""


@dataclass(frozen=True)
class Reading:
    """
    A value with what it rests on.

    ``n`` counts the observations, ``low`` and ``high`` bound the value at 95 % (Wilson for a rate), ``as_of``
    is when the newest observation was recorded. ``value`` is None when there is nothing to tell, and ``missing`` says
    what would have to be there, as a sentence. ``sources`` are the newest :data:`SOURCES_SHOWN` rows.
    """

    value: float | None
    n: int = 0
    low: float | None = None
    high: float | None = None
    as_of: datetime | None = None
    sources: tuple[Source, ...] = ()
    missing: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.missing:
            raise ValueError("A reading without a value says what is missing.")


# Called with the ids of the scopes that are meant and the window.
Read = Callable[[Collection[int], Window], Reading]


@dataclass(frozen=True)
class Measure:
    """
    How one figure is defined and read.

    ``key`` is ``app.name``. ``definition`` is what people read on hover; ``version`` counts its changes. ``unit`` is
    written behind the value ("%" for a rate, whose value is a share from 0 to 1), ``unit_one`` behind a single one
    where that is another word. A reading older than ``freshness`` is stale. ``group`` is the heading under which it
    stands.

    :raises MeasureUnavailable: (by ``read``) its source could not be read.
    """

    key: str
    title: str
    definition: str
    shape: Shape
    unit: str
    group: str
    read: Read
    is_better_higher: bool = True
    freshness: timedelta = timedelta(days=7)
    version: int = 1
    unit_one: str = ""

    def unit_of(self, written: str) -> str:
        """Return the unit behind a value that is *written* so."""
        return self.unit_one if self.unit_one and written == "1" else self.unit


_measures: dict[str, Measure] = {}


def measure_register(measure: Measure) -> None:
    """Offer *measure*; an app calls it once, in ``ready``."""
    _measures[measure.key] = measure


def measure_find(key: str) -> Measure | None:
    """Return the measure called *key*, or None where nobody registered it."""
    return _measures.get(key)


def measures_all() -> list[Measure]:
    """Return every measure, by group and title."""
    return sorted(_measures.values(), key=lambda measure: (measure.group, measure.title))
