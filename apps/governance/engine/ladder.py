"""
The expansion ladder: where code may be generated, of what risk and kind, and what keeps it from being.

What is not open is closed: a repository generates while it is a pilot, or while a rung that the committee granted
covers it, is not over and is not suspended; and never while generation as a whole, or the repository, is suspended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

RISKS = ("low", "medium", "high")
DATED = "%-d %b %Y, %H:%M UTC"


class Stopped(StrEnum):
    """What a suspension is about. The values are those of ``Suspension.Kind``."""

    EVERYTHING = "everything"
    MODEL = "model"
    REPOSITORY = "repository"
    RUNG = "rung"


class Refusal(StrEnum):
    """Why nothing is generated: stable, for programs."""

    SUSPENDED = "generation.suspended"
    NOT_OPEN = "generation.not_open"
    EXPIRED = "generation.expired"
    OUTSIDE = "generation.outside"


@dataclass(frozen=True)
class Stop:
    """A suspension that stands: of what, since when, by whom ("" is the platform itself), and why ("" is not said)."""

    kind: Stopped
    what: str
    since: datetime
    by: str = ""
    reason: str = ""

    @property
    def sentence(self) -> str:
        """It in words, with a full stop."""
        who = f" by {self.by}" if self.by else " by a tripwire" if self.kind is Stopped.RUNG else ""
        why = f": {self.reason.rstrip('.')}" if self.reason else ""
        return f"{self.what} is suspended since {self.since.strftime(DATED)}{who}{why}."


@dataclass(frozen=True)
class Granted:
    """
    A rung that covers the repository.

    No ``task_classes`` and no ``models`` mean all of them. It holds from ``starts_at``, inclusive, to ``expires_at``.
    """

    title: str
    risk_max: str
    task_classes: frozenset[str]
    models: frozenset[str]
    starts_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    stop: Stop | None = None

    def covers(self, risk: str, task_class: str) -> bool:
        """Return whether what it grants includes this risk and class; an unknown risk is above all."""
        rank = RISKS.index(risk) if risk in RISKS else len(RISKS)
        return rank <= RISKS.index(self.risk_max) and (not self.task_classes or task_class in self.task_classes)

    def is_over(self, moment: datetime) -> bool:
        """Return whether it expired or was ended."""
        return moment >= self.expires_at or (self.ended_at is not None and moment >= self.ended_at)


@dataclass(frozen=True)
class Standing:
    """What holds for one repository now: whether it is a pilot, the suspensions that stand, the rungs over it."""

    repository: str
    is_pilot: bool
    stops: tuple[Stop, ...] = ()
    rungs: tuple[Granted, ...] = ()


@dataclass(frozen=True)
class Leave:
    """
    Whether something may be generated, and by whom.

    ``models`` are the only ones to be asked, None for any; ``suspended`` are those that are not, each with why. When it
    is refused, ``refusal``, ``reason`` and ``remedy`` say so.
    """

    refusal: Refusal | None = None
    reason: str = ""
    remedy: str = ""
    by: str = ""
    models: frozenset[str] | None = None
    suspended: Mapping[str, str] | None = None

    @property
    def is_given(self) -> bool:
        """Whether it may be."""
        return self.refusal is None

    def model_refused(self, name: str) -> str:
        """Return why the model called *name* is not asked, as a sentence; "" when it may be."""
        if name in (self.suspended or {}):
            return (self.suspended or {})[name]
        if self.models is not None and name not in self.models:
            return f"{name} is not among the models that {self.by} opened."
        return ""


RESUMES = "The committee resumes it by a vote, on the page of the expansion ladder."
OPENS = "A vote of the committee opens it, at the gate that expands generation; the page of the ladder shows it."


def leave_of(standing: Standing, *, risk: str, task_class: str, now: datetime) -> Leave:
    """Return whether something of *risk* and *task_class* may be generated where *standing* holds."""
    for stop in standing.stops:
        if stop.kind in {Stopped.EVERYTHING, Stopped.REPOSITORY}:
            return Leave(Refusal.SUSPENDED, stop.sentence, RESUMES)
    suspended = {stop.what: stop.sentence for stop in standing.stops if stop.kind is Stopped.MODEL}
    if standing.is_pilot:
        return Leave(by="the pilot", suspended=suspended)
    live = [rung for rung in standing.rungs if rung.starts_at <= now and not rung.is_over(now)]
    open_now = [rung for rung in live if rung.stop is None and rung.covers(risk, task_class)]
    if open_now:
        return Leave(by=_listed(rung.title for rung in open_now), models=_models(open_now), suspended=suspended)
    return _refused(standing, live, risk, task_class, now)


def _models(rungs: Sequence[Granted]) -> frozenset[str] | None:
    """Return the models that any of *rungs* opens; one without a list opens all."""
    if any(not rung.models for rung in rungs):
        return None
    return frozenset().union(*(rung.models for rung in rungs))


def _refused(standing: Standing, live: Sequence[Granted], risk: str, task_class: str, now: datetime) -> Leave:
    stopped = [rung for rung in live if rung.stop is not None]
    if stopped and len(stopped) == len(live):
        reasons = " ".join(rung.stop.sentence for rung in stopped if rung.stop is not None)
        return Leave(Refusal.SUSPENDED, reasons, RESUMES)
    if live:
        what = "; ".join(_granted(rung) for rung in live if rung.stop is None)
        return Leave(Refusal.OUTSIDE, f"This is {risk} risk and of the class {task_class}. {what}.", OPENS)
    over = sorted((rung for rung in standing.rungs if rung.is_over(now)), key=lambda rung: rung.expires_at)
    if over:
        ended = min(over[-1].expires_at, over[-1].ended_at or over[-1].expires_at)
        return Leave(
            Refusal.EXPIRED,
            f"{over[-1].title}, which opened {standing.repository}, ended on {ended.strftime(DATED)}.",
            "A new vote of the committee opens it again.",
        )
    return Leave(
        Refusal.NOT_OPEN,
        f"{standing.repository} is no pilot and on no rung of the expansion ladder, so nothing is generated for it.",
        OPENS,
    )


def _granted(rung: Granted) -> str:
    classes = f" and {_listed(sorted(rung.task_classes))}" if rung.task_classes else ""
    return f"{rung.title} opens {rung.risk_max} risk at most{classes}"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
