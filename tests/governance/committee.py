"""A committee of six, measures that say what a test wants, and a gate brought to where a test begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.governance import measures
from apps.governance.engine.gates import EXPANSION, SEATS
from apps.governance.measures import Measure, MeasureUnavailable, Reading, Shape, Source
from apps.governance.models import Ballot, Gate, RoleAssignment, Scope, User
from apps.governance.services import scope_create
from apps.governance.services.gates import (
    Choice,
    Sitting,
    Wish,
    evidence_read,
    gate_open,
    gate_request,
    gate_seat,
    gate_vote,
)
from apps.governance.types import Role

GOOD = Reading(1.0, n=400, as_of=datetime.now(UTC), sources=(Source("request 1", "/requests/1"),))
NONE = replace(GOOD, value=0.0)
RATES_THAT_STAY_LOW = {"quality.flake_rate", "generation.rework_rate", "generation.revert_rate"}
MINIMA = {"quality.coverage_line", "quality.coverage_branch", "docs.sync_cycle"}


@dataclass
class Figures:
    """What each measure says now; a string is a source that is down, a missing one gives a good figure."""

    said: dict[str, Reading | str] = field(default_factory=dict)

    def read(self, key: str) -> Callable[..., Reading]:
        def answer(scopes: object, window: object) -> Reading:
            found = self.said.get(key, NONE if key in RATES_THAT_STAY_LOW or key.endswith("incidents") else GOOD)
            if isinstance(found, str):
                raise MeasureUnavailable(found)
            return found

        return answer

    def register(self) -> dict[str, Measure]:
        shapes = dict.fromkeys(MINIMA, Shape.MINIMUM) | {"governance.open_incidents": Shape.COUNT}
        return {
            one.measure: Measure(
                one.measure,
                one.title,
                f"What {one.title.lower()} means.",
                shapes.get(one.measure, Shape.RATE),
                "" if one.measure.endswith("incidents") else "%",
                "Tests",
                self.read(one.measure),
            )
            for one in EXPANSION.criteria
        }


@dataclass
class Committee:
    """The people of an organisation whose committee decides, and one gate."""

    organisation: Scope
    pilot: Scope
    wave: Scope
    people: Mapping[str, User]
    requester: User
    lead: User
    figures: Figures

    @property
    def chair(self) -> User:
        return self.people["chair"]

    def wish(self, **changes: Any) -> Wish:
        given = {
            "title": "Pilot to wave 2",
            "granted": [self.wave],
            "sample": [self.pilot],
            "flagships": [self.pilot],
            "risk_max": "medium",
            "expires_at": datetime.now(UTC) + timedelta(days=90),
        }
        return Wish(**{**given, **changes})

    def request(self, **changes: Any) -> Gate:
        return gate_request(
            scope=self.organisation,
            template="expansion",
            wish=self.wish(**changes),
            actor=self.requester,
            is_interactive=True,
        )

    def seat(
        self, gate: Gate, *, without: tuple[str, ...] = (), alternates: Mapping[str, list[User]] | None = None
    ) -> Gate:
        holders = {key: [user] for key, user in self.people.items() if key not in without}
        return gate_seat(
            gate_id=gate.pk, sitting=Sitting(holders, alternates or {}), actor=self.chair, is_interactive=True
        )

    def opened(self, **changes: Any) -> Gate:
        gate = self.request(**changes)
        self.seat(gate)
        evidence_read(gate_id=gate.pk, asked_by=self.chair)
        return gate_open(gate_id=gate.pk, actor=self.chair, is_interactive=True)

    def vote(self, gate: Gate, seat: str, choice: Choice = Choice.APPROVE, **changes: Any) -> Ballot:
        gate.refresh_from_db()
        given = {
            "voter": self.people[seat],
            "choice": choice,
            "rationale": f"{seat} says so.",
            "digest": gate.digest,
            "is_interactive": True,
        }
        return gate_vote(gate_id=gate.pk, **{**given, **changes})


def committee_make(organisation: Scope, pilot: Scope, wave: Scope, figures: Figures) -> Committee:
    """Return a committee whose members hold their roles in the organisation."""
    people = {}
    for seat in SEATS:
        role = Role.CHAIR if seat.key == "chair" else Role.COMMITTEE
        people[seat.key] = _person(seat.key, organisation, role)
    requester = _person("requester", organisation, Role.ENGINEER)
    lead = _person("lead", organisation, Role.QUALITY_LEAD)
    return Committee(organisation, pilot, wave, people, requester, lead, figures)


def acme_committee(monkeypatch: Any) -> Committee:
    """Return the committee of Acme, which decides about opening billing on the records of shop, with good figures."""
    figures = Figures()
    measures_replaced(figures, monkeypatch)
    places = [scope_create(organisation="Acme", repository=name, created_by=None) for name in ("", "shop", "billing")]
    return committee_make(*places, figures)


def _person(name: str, scope: Scope, role: Role) -> User:
    user = User.objects.create_user(username=name, password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=scope, role=role.value)
    return user


def measures_replaced(figures: Figures, monkeypatch: Any) -> None:
    """Let only the measures of the default gate be known, saying what *figures* says."""
    monkeypatch.setattr(measures, "_measures", figures.register())
