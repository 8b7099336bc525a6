"""The page about the expansion ladder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.clock import now
from apps.governance.engine.decisions import Decision, DecisionState
from apps.governance.engine.figures import counted, figure_told
from apps.governance.engine.permissions import Action
from apps.governance.engine.tripwires import Tripwire, tripwire_read
from apps.governance.measures import Measure, measure_find
from apps.governance.models import Ballot, Rung, Scope, Suspension, TripwireReading, User
from apps.governance.selectors import approval_prospect, can, decision_of, display_name, readable_scopes
from apps.governance.selectors.committee import resuming_sitters
from apps.governance.selectors.ladder import rungs_readable, suspensions_readable
from apps.governance.selectors.suspensions import RESUMING, may_suspend, suspension_subject, suspension_title

RUNGS_SHOWN = 30
ENDED_SHOWN = 20
LAST_DAYS = timedelta(days=14)


@dataclass(frozen=True)
class WireRow:
    """One tripwire with how it was last found; ``state`` is empty before it was read."""

    wire: Tripwire
    measure: Measure | None
    reading: TripwireReading | None

    @property
    def title(self) -> str:
        """What its measure is called."""
        return self.measure.title if self.measure else self.wire.measure

    @property
    def definition(self) -> str:
        """What its measure is."""
        return self.measure.definition if self.measure else "Nothing here measures this yet."

    @property
    def state(self) -> str:
        """The name of a chip."""
        if self.reading is None:
            return "queued"
        states = {"clear": "met", "no_value": "insufficient_data", "failing": "error", "tripped": "not_met"}
        return states[self.reading.state]

    @property
    def value(self) -> str:
        """The figure as people read it; empty without one."""
        value = self.reading.value if self.reading else None
        return "" if value is None else figure_told(value, self.measure)

    @property
    def interval(self) -> str:
        """The figure's interval as people read it; empty without one."""
        if self.reading is None or self.reading.low is None or self.reading.high is None:
            return ""
        low, high = figure_told(self.reading.low, self.measure), figure_told(self.reading.high, self.measure)
        return f"{low.removesuffix(' %')}–{high}"

    @property
    def asked(self) -> str:
        """On which side of what figure it trips, and of how many days that is."""
        days = counted(self.wire.window_days, "day", "days")
        return f"{self.wire.trips.value} {figure_told(self.wire.bound, self.measure)}, of {days}"


@dataclass(frozen=True)
class RungRow:
    """A rung as the page shows it."""

    rung: Rung
    places: tuple[Scope, ...]
    wires: tuple[WireRow, ...]
    suspension: Suspension | None
    moment: datetime
    may_end: bool

    @property
    def state(self) -> str:
        """The name of a chip."""
        if self.is_over:
            return "expired"
        return "suspended" if self.suspension else "live"

    @property
    def is_over(self) -> bool:
        """Whether it expired or was ended."""
        return self.rung.ended_at is not None or self.moment >= self.rung.expires_at

    @property
    def days_left(self) -> int:
        """Whole days until it expires."""
        return max(0, (self.rung.expires_at - self.moment).days)

    @property
    def is_near_its_end(self) -> bool:
        """Whether it ends within two weeks."""
        return not self.is_over and self.rung.expires_at - self.moment <= LAST_DAYS


@dataclass(frozen=True)
class SuspensionRow:
    """
    A suspension as the page shows it, with where the vote on resuming stands while it stands.

    ``security`` are the names of whoever holds the committee's security seat, ``is_vetoed`` says that a veto is in the
    way.
    """

    suspension: Suspension
    title: str
    by: str
    decision: Decision | None = None
    ballots: tuple[tuple[str, Ballot], ...] = ()
    vacant: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    is_vetoed: bool = False
    may_vote: bool = False
    may_explain: bool = False


@dataclass(frozen=True)
class Ladder:
    """All of the page."""

    pilots: tuple[Scope, ...]
    closed: tuple[Scope, ...]
    rungs: tuple[RungRow, ...]
    standing: tuple[SuspensionRow, ...]
    ended: tuple[SuspensionRow, ...]


def ladder_of(user: User) -> Ladder:
    """Return what *user* may see of the ladder; the queries do not grow with rungs, but with what stands suspended."""
    moment = now()
    places = list(readable_scopes(user).exclude(repository="").select_related("organisation").order_by("repository"))
    rungs = _rungs(user, moment)
    open_now = {place.pk for row in rungs if row.state == "live" for place in row.places}
    whole = {
        place.organisation_id for row in rungs if row.state == "live" for place in row.places if not place.repository
    }
    standing, ended = _suspensions(user)
    return Ladder(
        pilots=tuple(place for place in places if place.is_pilot),
        closed=tuple(
            place
            for place in places
            if not place.is_pilot and place.pk not in open_now and place.organisation_id not in whole
        ),
        rungs=tuple(rungs),
        standing=tuple(_standing_row(user, one) for one in standing),
        ended=tuple(SuspensionRow(one, suspension_title(one), _by(one)) for one in ended),
    )


def _rungs(user: User, moment: datetime) -> list[RungRow]:
    rows = list(
        rungs_readable(user)
        .select_related("ended_by", "organisation")
        .prefetch_related("scopes__organisation")
        .order_by("-granted_at", "id")[:RUNGS_SHOWN]
    )
    readings = {
        (one.rung_id, one.position): one for one in TripwireReading.objects.filter(rung__in=[row.pk for row in rows])
    }
    stops = {
        one.rung_id: one
        for one in Suspension.objects.filter(rung__in=[row.pk for row in rows], resumed_at=None).select_related("scope")
    }
    wholes = Scope.objects.filter(organisation__in={row.organisation_id for row in rows}, repository="")
    chairs = {place.organisation_id: can(user, Action.GATE_MANAGE, place) for place in wholes}
    return [
        RungRow(
            rung=row,
            places=tuple(sorted(row.scopes.all(), key=str)),
            wires=tuple(wire_row(data, readings.get((row.pk, at))) for at, data in enumerate(row.tripwires)),
            suspension=stops.get(row.pk),
            moment=moment,
            may_end=chairs.get(row.organisation_id, False),
        )
        for row in rows
    ]


def wire_row(data: Mapping[str, Any], reading: TripwireReading | None = None) -> WireRow:
    """Return the tripwire that *data* holds in words, with how it was last found."""
    wire = tripwire_read(data)
    return WireRow(wire, measure_find(wire.measure), reading)


def _suspensions(user: User) -> tuple[list[Suspension], list[Suspension]]:
    rows = suspensions_readable(user).select_related("scope__organisation", "rung", "suspended_by")
    ended = rows.filter(resumed_at__isnull=False).order_by("-suspended_at", "id")[:ENDED_SHOWN]
    return list(rows.filter(resumed_at=None).order_by("suspended_at", "id")), list(ended)


def _standing_row(user: User, suspension: Suspension) -> SuspensionRow:
    subject = suspension_subject(suspension)
    decision = decision_of(subject, policy=RESUMING, scope=suspension.scope)
    missing, _ = approval_prospect(policy=RESUMING, scope=suspension.scope, barred={})
    ballots = tuple(_ballots(suspension))
    spoke = [ballot.voter_id for _, ballot in ballots]
    return SuspensionRow(
        suspension,
        suspension_title(suspension),
        _by(suspension),
        decision,
        ballots,
        tuple(seat.name for seat in missing),
        tuple(member.name for member in resuming_sitters(suspension, present=spoke)),
        is_vetoed=bool(subject.vetoers) and decision.state is DecisionState.REJECTED,
        may_vote=can(user, Action.GATE_VOTE, suspension.scope),
        may_explain=not suspension.reason and may_suspend(user, suspension.kind, suspension.scope),
    )


def _ballots(suspension: Suspension) -> Iterable[tuple[str, Ballot]]:
    rows = Ballot.objects.filter(subject_kind="suspension", subject_id=suspension.pk, voided_at=None)
    return [(display_name(one.voter), one) for one in rows.select_related("voter").order_by("cast_at", "id")]


def _by(suspension: Suspension) -> str:
    return display_name(suspension.suspended_by) if suspension.suspended_by else "a tripwire"
