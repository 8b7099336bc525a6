"""The words of a decision: policies and seats, people and accounts, ballots, and the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.governance.engine.permissions import Action, Role


class Verdict(StrEnum):
    """What a person says. The values are those of ``Ballot.Verdict``."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    BLOCK = "block"
    ABSTAIN = "abstain"
    RECUSE = "recuse"


# What helps to pass. It ends with the policy's life of a ballot; an objection does not.
PASSING = frozenset({Verdict.APPROVE, Verdict.ABSTAIN})


class DecisionState(StrEnum):
    """Where a decision stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Seat:
    """
    One approval that may be needed: by whom.

    ``is_owner`` asks for an owner of the path or the repository, ``also`` for a further role. ``holders`` (accounts)
    names who fills it, nobody meaning whoever fits; ``alternates`` fill it only while every holder is out. Somebody who
    fits a seat with ``has_veto`` ends the decision by a block, whatever their role says about blocks.
    """

    name: str
    also: Role | None = None
    is_owner: bool = False
    holders: frozenset[int] = frozenset()
    alternates: frozenset[int] = frozenset()
    has_veto: bool = False

    def __post_init__(self) -> None:
        if self.alternates and not self.holders:
            raise ValueError(f"{self.name} has alternates but nobody whom they stand in for.")


@dataclass(frozen=True)
class Policy:
    """
    How many of the seats must approve, and who sits on them.

    ``needed`` seats must approve (all of them when left out) and ``quorum`` seats must be present, which they are by
    any verdict but a recusal. An approval or an abstention older than ``ballot_life`` no longer counts; an objection
    stands. ``votes`` is what a role must allow to fill a seat; ``blocks`` what it must allow to veto without one.
    """

    name: str
    seats: tuple[Seat, ...]
    needed: int = 0
    quorum: int = 0
    ballot_life: timedelta | None = None
    votes: Action = Action.VERDICT_VOTE
    blocks: Action | None = Action.CANDIDATE_BLOCK

    def __post_init__(self) -> None:
        if not self.seats:
            raise ValueError("A policy needs at least one seat; nothing is approved by nobody.")
        if self.needed == 0:
            object.__setattr__(self, "needed", len(self.seats))
        if not 1 <= self.needed <= len(self.seats):
            raise ValueError(f"Of {len(self.seats)} seats at least 1 and at most {len(self.seats)} must approve.")
        if not 0 <= self.quorum <= len(self.seats):
            raise ValueError(f"A quorum lies between 0 and {len(self.seats)} seats.")
        if self.ballot_life is not None and self.ballot_life <= timedelta(0):
            raise ValueError("A ballot that ends before it is cast would never count.")


@dataclass(frozen=True)
class Member:
    """
    One account of the roster, with its roles in the scope of the decision.

    Accounts with the same ``person`` are one natural person's; an empty one is a person of its own. ``is_absent`` is
    true of somebody declared away.
    """

    user_id: int
    name: str
    roles: frozenset[Role]
    is_owner: bool = False
    is_human: bool = True
    is_active: bool = True
    is_absent: bool = False
    person: str = ""


@dataclass(frozen=True)
class Roster:
    """
    Everyone who holds a role in the scope of the decision.

    ``linked`` names the person of accounts that share one with a member without being members themselves.
    """

    members: tuple[Member, ...]
    linked: Mapping[int, str] = field(default_factory=dict)

    def find(self, user_id: int) -> Member | None:
        """Return the member with *user_id*, if any."""
        return next((member for member in self.members if member.user_id == user_id), None)

    def people(self) -> dict[int, str]:
        """Return the natural person behind each account."""
        keys = {**self.linked, **{member.user_id: member.person for member in self.members}}
        return {user_id: f"person {key}" if key else _alone(user_id) for user_id, key in keys.items()}


def _alone(user_id: int) -> str:
    return f"account {user_id}"


def person_behind(people: Mapping[int, str], user_id: int) -> str:
    """Return who is behind an account: an account nobody linked is a person of its own."""
    return people.get(user_id) or _alone(user_id)


@dataclass(frozen=True)
class HumanBallot:
    """One person's verdict on content with *digest*."""

    voter_id: int
    verdict: Verdict
    digest: str
    cast_at: datetime
    is_voided: bool = False
    rationale: str = ""


@dataclass(frozen=True)
class ModelTally:
    """How many candidates behaved alike. It informs people; it never approves, and it cannot be added to ballots."""

    agreeing: int
    total: int


@dataclass(frozen=True)
class Subject:
    """
    What is decided about: a kind, an id, the SHA-256 of what is shown now, and who may not decide and why.

    ``vetoers`` are open accounts, with the names of their people, whose block of this subject is a veto that lasts: it
    ends the decision until the person says something else, whatever role or seat they have by then and whatever
    changed or was voided since.
    """

    kind: str
    id: UUID
    digest: str
    barred: Mapping[int, str]
    vetoers: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FilledSeat:
    """A seat and the person whose approval fills it."""

    seat: Seat
    voter_id: int
    name: str


@dataclass(frozen=True)
class Decision:
    """The outcome, the seats, and the reasons as sentences; ``present`` counts the seats whose people spoke."""

    state: DecisionState
    filled: tuple[FilledSeat, ...]
    open: tuple[Seat, ...]
    barred: Mapping[int, str]
    reasons: tuple[str, ...]
    needed: int
    present: int
    recused: tuple[str, ...] = ()


LOW = Policy("low risk", (Seat("a reviewer"), Seat("an owner", is_owner=True)))
MEDIUM = Policy("medium risk", (Seat("a reviewer"), Seat("an owner", is_owner=True)))
HIGH = Policy(
    "high risk",
    (
        Seat("an owner", is_owner=True),
        Seat("an architect", also=Role.ARCHITECT),
        Seat("a quality lead", also=Role.QUALITY_LEAD),
    ),
)
DEFAULT_POLICIES: Mapping[str, Policy] = {"low": LOW, "medium": MEDIUM, "high": HIGH}
