"""
Approval policies as data: what is kept of one, what differs between two, and what history would have looked like.

The content of a policy is plain JSON, so that its SHA-256 says exactly which rules decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.governance.engine.decisions import (
    DecisionState,
    HumanBallot,
    Policy,
    Roster,
    Seat,
    Subject,
    decide,
    shortfall,
)
from apps.governance.engine.permissions import Role

MOST_SEATS = 9
LONGEST_LIFE = timedelta(days=365)
SHOWN = 20
# Only these roles say something about a reviewer that a seat can ask for.
SEAT_ROLES = (Role.ARCHITECT, Role.QUALITY_LEAD, Role.DOCUMENTATION_OWNER)
ROSTER_OF_TODAY = "Roles, owners and closed accounts are those of today, not those of the day of the decision."
VOTES_AS_CAST = (
    "Only ballots that were cast are counted. Under other rules more people might have been asked, or have voted "
    "differently."
)
REJECTED_STAY = "What was rejected stays rejected here, although fewer objectors might have been asked."
LIMITS = (ROSTER_OF_TODAY, VOTES_AS_CAST, REJECTED_STAY)


def policy_content(policy: Policy) -> dict[str, Any]:
    """Return *policy* as JSON data; ``policy_read`` makes the same policy of it."""
    life = policy.ballot_life
    return {
        "name": policy.name,
        "needed": policy.needed,
        "quorum": policy.quorum,
        "ballot_days": None if life is None else life.days,
        "seats": [
            {
                "name": seat.name,
                "role": None if seat.also is None else seat.also.value,
                "is_owner": seat.is_owner,
                "holders": sorted(seat.holders),
                "alternates": sorted(seat.alternates),
                "has_veto": seat.has_veto,
            }
            for seat in policy.seats
        ],
    }


def policy_read(content: Mapping[str, Any]) -> Policy:
    """
    Return the policy that *content* describes.

    :raises ValueError: it contradicts itself, with a sentence about how.
    """
    seats = content["seats"]
    if len(seats) > MOST_SEATS:
        raise ValueError(f"A policy has at most {MOST_SEATS} seats.")
    life = None if content["ballot_days"] is None else timedelta(days=content["ballot_days"])
    if life is not None and life > LONGEST_LIFE:
        raise ValueError(f"A ballot lives at most {LONGEST_LIFE.days} days.")
    return Policy(
        name=content["name"],
        seats=tuple(
            Seat(
                name=seat["name"],
                also=None if seat["role"] is None else Role(seat["role"]),
                is_owner=seat["is_owner"],
                holders=frozenset(seat["holders"]),
                alternates=frozenset(seat["alternates"]),
                has_veto=seat["has_veto"],
            )
            for seat in seats
        ),
        needed=content["needed"],
        quorum=content["quorum"],
        ballot_life=life,
    )


def policy_lines(policy: Policy, names: Mapping[int, str]) -> list[str]:
    """Return *policy* as sentences, one a line, so that two can be compared line by line."""
    lines = [f"{policy.needed} of {len(policy.seats)} seats must approve."]
    lines += [f"{policy.quorum} seats must be present."] if policy.quorum else []
    if policy.ballot_life is not None:
        lines.append(f"An approval ends after {days_named(policy.ballot_life)}.")
    return lines + [f"Seat {at}: {_seat_line(seat, names)}." for at, seat in enumerate(policy.seats, start=1)]


def days_named(life: timedelta) -> str:
    """Return *life* in words, such as ``1 day``."""
    return "1 day" if life.days == 1 else f"{life.days} days"


def _seat_line(seat: Seat, names: Mapping[int, str]) -> str:
    parts = [seat.name]
    parts += ["owning the path or the repository"] if seat.is_owner else []
    parts += [f"with the role {seat.also.value.replace('_', ' ')}"] if seat.also is not None else []
    parts += [f"held by {_people(seat.holders, names)}"] if seat.holders else []
    parts += [f"in their absence {_people(seat.alternates, names)}"] if seat.alternates else []
    parts += ["with a veto"] if seat.has_veto else []
    return ", ".join(parts)


def _people(accounts: Iterable[int], names: Mapping[int, str]) -> str:
    return " or ".join(names.get(account, f"account {account}") for account in sorted(accounts))


@dataclass(frozen=True)
class PastRequest:
    """A request of the past as it was decided: its subject, its ballots, and the roster of today."""

    subject: Subject
    ballots: Sequence[HumanBallot]
    roster: Roster
    was_approved: bool


@dataclass(frozen=True)
class Simulation:
    """
    What a policy would have done to the requests of the past.

    ``requests`` counts them all, ``approved`` those that were approved, ``blocked`` those of them that this policy
    would not have let through, and ``unsatisfiable`` those that nobody could ever have approved. The ids are those of
    the first few.
    """

    requests: int
    approved: int
    blocked: int
    unsatisfiable: int
    blocked_ids: tuple[str, ...]
    unsatisfiable_ids: tuple[str, ...]
    limits: tuple[str, ...] = LIMITS

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def simulate(policy: Policy, past: Iterable[PastRequest]) -> Simulation:
    """Return what *policy* would have done to *past*."""
    requests, approved = 0, 0
    blocked: list[UUID] = []
    unsatisfiable: list[UUID] = []
    for one in past:
        requests += 1
        approved += one.was_approved
        if shortfall(policy, one.roster, one.subject.barred):
            unsatisfiable.append(one.subject.id)
        if one.was_approved and not _lets_through(policy, one):
            blocked.append(one.subject.id)
    return Simulation(
        requests=requests,
        approved=approved,
        blocked=len(blocked),
        unsatisfiable=len(unsatisfiable),
        blocked_ids=tuple(str(identity) for identity in blocked[:SHOWN]),
        unsatisfiable_ids=tuple(str(identity) for identity in unsatisfiable[:SHOWN]),
    )


def _lets_through(policy: Policy, one: PastRequest) -> bool:
    """Return whether *policy* would have approved at the moment of the last ballot."""
    moment: datetime | None = max((ballot.cast_at for ballot in one.ballots), default=None)
    if moment is None:
        return False
    return decide(policy, one.ballots, one.subject, one.roster, moment).state is DecisionState.APPROVED


def unsatisfied(policy: Policy, rosters: Mapping[str, Roster]) -> dict[str, tuple[Seat, ...]]:
    """Return the places (by name) whose people could never satisfy *policy*, each with the seats nobody could fill."""
    missing = {place: shortfall(policy, roster, {}) for place, roster in rosters.items()}
    return {place: seats for place, seats in missing.items() if seats}
