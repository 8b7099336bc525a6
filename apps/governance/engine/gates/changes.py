"""What one definition of a gate asks for that another does not, and what readings mean under either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.governance.engine.figures import counted, figure_told
from apps.governance.engine.gates.criteria import SIGNS, Criterion, Judged, judge
from apps.governance.engine.gates.definition import GateDefinition
from apps.governance.measures import Measure, Reading

_RULE = {
    "needed": "seats that must approve",
    "quorum": "seats that must be present",
    "most_waivers": "criteria that may be waived",
    "vote_days": "days that a vote lasts at most",
    "authored_share": "share of the sample from which its author is flagged",
}


class Sort(StrEnum):
    """What happens to a criterion, or to the rule of the vote."""

    ADDED = "added"
    TAKEN_AWAY = "taken away"
    CHANGED = "changed"
    RULE = "rule"


@dataclass(frozen=True)
class Change:
    """One difference, with words for it."""

    sort: Sort
    title: str
    words: str


def definition_changes(
    before: GateDefinition, after: GateDefinition, measures: Mapping[str, Measure]
) -> tuple[Change, ...]:
    """
    Return what *after* asks for otherwise than *before*: the rule first, then criteria in their order.

    *measures* are those that are registered, by key.
    """
    rule = [
        Change(Sort.RULE, words.capitalize(), f"{getattr(before, name)} → {getattr(after, name)}")
        for name, words in _RULE.items()
        if getattr(before, name) != getattr(after, name)
    ]
    known = {one.key: one for one in before.criteria}
    kept = {one.key for one in after.criteria}
    changed = [_change(known.get(one.key), one, measures) for one in after.criteria if known.get(one.key) != one]
    gone = [
        Change(Sort.TAKEN_AWAY, one.title, f"asked for {asked(one, measures)}")
        for one in before.criteria
        if one.key not in kept
    ]
    return (*rule, *changed, *gone)


def asked(criterion: Criterion, measures: Mapping[str, Measure]) -> str:
    """Return what *criterion* asks for, in a few words, with the name of a measure that nobody registered."""
    measure = measures.get(criterion.measure)
    what = measure.title if measure else criterion.measure
    bound = f"{SIGNS[criterion.comparison]} {figure_told(criterion.threshold, measure)}"
    days = counted(criterion.window_days, "day", "days")
    need = "required" if criterion.is_required else "informs"
    each = ", for each flagship" if criterion.per_flagship else ""
    return f"{what} {bound}, n ≥ {criterion.minimum_n:,}, {days}, {need}{each}"


def _change(before: Criterion | None, after: Criterion, measures: Mapping[str, Measure]) -> Change:
    if before is None:
        return Change(Sort.ADDED, after.title, f"asks for {asked(after, measures)}")
    return Change(Sort.CHANGED, after.title, f"{asked(before, measures)} → {asked(after, measures)}")


@dataclass(frozen=True)
class Kept:
    """A reading as it was kept: of which measure and criterion, over which window, of one flagship or of all."""

    key: str
    criterion: str
    measure: str
    window: timedelta
    is_of_flagship: bool
    reading: Reading | None
    error: str = ""


@dataclass(frozen=True)
class Tried:
    """What one reading means under either definition; None where it says nothing under it."""

    key: str
    title: str
    before: Judged | None
    after: Judged | None

    @property
    def is_changed(self) -> bool:
        """Whether its state would be another one."""
        return (self.before.state if self.before else None) != (self.after.state if self.after else None)


def definition_try(
    before: GateDefinition,
    after: GateDefinition,
    kept: tuple[Kept, ...],
    measures: Mapping[str, Measure],
    now: datetime,
) -> tuple[Tried, ...]:
    """
    Return what the readings *kept* of a gate mean under *before* and under *after*, as of *now*.

    A criterion takes a reading of its measure over its window. One that has none of these, because it was added or its
    window changed, comes with no state: it would have to be read first. Waivers are left out.
    """
    keys = list(dict.fromkeys([*(one.key for one in after.criteria), *(one.key for one in before.criteria)]))
    found: list[Tried] = []
    for key in keys:
        old, new = before.find(key), after.find(key)
        of_old = _readings(old, kept) if old else {}
        of_new = _readings(new, kept) if new else {}
        for name in dict.fromkeys([*of_new, *of_old]) or [key]:
            judged = [
                judge(one, measures.get(one.measure), of[name].reading, error=of[name].error, now=now)
                if one and name in of
                else None
                for one, of in ((old, of_old), (new, of_new))
            ]
            title = new.title if new else old.title if old else key
            found.append(Tried(name, title, *judged))
    return tuple(found)


def _readings(criterion: Criterion, kept: tuple[Kept, ...]) -> dict[str, Kept]:
    """Return the readings that *criterion* takes, by row: its own where there are, else of its measure."""
    fitting = [
        one
        for one in kept
        if one.measure == criterion.measure
        and one.window == criterion.window
        and one.is_of_flagship == criterion.per_flagship
    ]
    own = [one for one in fitting if one.criterion == criterion.key] or fitting
    places = {one.key.partition(":")[2]: one for one in own}
    return {f"{criterion.key}:{place}" if place else criterion.key: one for place, one in places.items()}
