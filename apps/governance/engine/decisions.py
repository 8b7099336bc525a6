"""
What a set of human ballots means under a policy.

``decide`` is the only place where an approval is computed. It never counts a ballot on other content than the current
one, a barred person, a machine, or one person in two seats. Models have a tally type of their own, which no function
here accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.governance.engine.permissions import Action, Role, allowed


class Verdict(StrEnum):
    """What a person says. The values are those of ``Ballot.Verdict``."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    BLOCK = "block"
    ABSTAIN = "abstain"


class DecisionState(StrEnum):
    """Where a decision stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Seat:
    """One approval that is needed: by whom. ``is_owner`` asks for an owner of the path or the repository."""

    name: str
    also: Role | None = None
    is_owner: bool = False


@dataclass(frozen=True)
class Policy:
    """How many people must approve, and who they must be."""

    name: str
    seats: tuple[Seat, ...]

    def __post_init__(self) -> None:
        if not self.seats:
            raise ValueError("A policy needs at least one seat; nothing is approved by nobody.")


@dataclass(frozen=True)
class Member:
    """One account of the roster, with its roles in the scope of the decision."""

    user_id: int
    name: str
    roles: frozenset[Role]
    is_owner: bool = False
    is_human: bool = True
    is_active: bool = True


@dataclass(frozen=True)
class Roster:
    """Everyone who holds a role in the scope of the decision."""

    members: tuple[Member, ...]

    def find(self, user_id: int) -> Member | None:
        """Return the member with *user_id*, if any."""
        return next((member for member in self.members if member.user_id == user_id), None)


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
    """What is decided about: a kind, an id, the SHA-256 of what is shown now, and who may not decide and why."""

    kind: str
    id: UUID
    digest: str
    barred: Mapping[int, str]


@dataclass(frozen=True)
class FilledSeat:
    """A seat and the person whose approval fills it."""

    seat: Seat
    voter_id: int
    name: str


@dataclass(frozen=True)
class Decision:
    """The outcome, the seats, and the reasons as sentences."""

    state: DecisionState
    filled: tuple[FilledSeat, ...]
    open: tuple[Seat, ...]
    barred: Mapping[int, str]
    reasons: tuple[str, ...]

    @property
    def needed(self) -> int:
        """How many approvals the policy asks for."""
        return len(self.filled) + len(self.open)


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


def may_approve(member: Member, barred: Mapping[int, str]) -> bool:
    """Return whether *member* can fill a seat at all: a person, active, a reviewer, not barred."""
    return (
        member.is_human
        and member.is_active
        and member.user_id not in barred
        and allowed(member.roles, Action.VERDICT_VOTE)
    )


def may_block(member: Member, barred: Mapping[int, str]) -> bool:
    """Return whether *member* can veto."""
    return (
        member.is_human
        and member.is_active
        and member.user_id not in barred
        and allowed(member.roles, Action.CANDIDATE_BLOCK)
    )


def _fits(member: Member, seat: Seat) -> bool:
    return (not seat.is_owner or member.is_owner) and (seat.also is None or seat.also in member.roles)


def assign_seats(seats: Sequence[Seat], members: Sequence[Member]) -> dict[int, Member]:
    """
    Return a largest assignment of members to seats (by position), no member twice.

    Augmenting paths (Kuhn, 1955); the result depends only on the order of *seats* and *members*.
    """
    taken: dict[int, int] = {}

    def place(person: int, tried: set[int]) -> bool:
        for position, seat in enumerate(seats):
            if position in tried or not _fits(members[person], seat):
                continue
            tried.add(position)
            if position not in taken or place(taken[position], tried):
                taken[position] = person
                return True
        return False

    for person in range(len(members)):
        place(person, set())
    return {position: members[person] for position, person in sorted(taken.items())}


def shortfall(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> tuple[Seat, ...]:
    """Return the seats that nobody could fill, even if everyone eligible approved; empty when the policy can be met."""
    eligible = [member for member in roster.members if may_approve(member, barred)]
    taken = assign_seats(policy.seats, eligible)
    return tuple(seat for position, seat in enumerate(policy.seats) if position not in taken)


def is_satisfiable(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> bool:
    """Return whether the people on *roster* could ever approve under *policy*."""
    return not shortfall(policy, roster, barred)


def _standing(ballots: Iterable[HumanBallot], subject: Subject, now: datetime) -> dict[int, HumanBallot]:
    """Return each voter's newest ballot that is on the current digest, not voided and not from the future."""
    newest: dict[int, HumanBallot] = {}
    for ballot in sorted(ballots, key=lambda ballot: ballot.cast_at):
        if not ballot.is_voided and ballot.digest == subject.digest and ballot.cast_at <= now:
            newest[ballot.voter_id] = ballot
    return newest


def decide(policy: Policy, ballots: Iterable[HumanBallot], subject: Subject, roster: Roster, now: datetime) -> Decision:
    """
    Return what *ballots* mean for *subject* under *policy*.

    Approved: every seat is filled by a different eligible person's approval of the current digest and nobody eligible
    blocks. Rejected: someone eligible blocks, or changes were asked for and the people who have not voted could no
    longer fill the open seats. Pending: everything else, missing data included.
    """
    standing = _standing(ballots, subject, now)
    heard = {voter: member for voter in standing if (member := roster.find(voter)) is not None}
    approving = [
        member
        for voter, member in sorted(heard.items())
        if standing[voter].verdict is Verdict.APPROVE and may_approve(member, subject.barred)
    ]
    unheard = [m for m in roster.members if m.user_id not in heard and may_approve(m, subject.barred)]
    # Whoever approved keeps a seat while the others are placed, so what stays open is what the others can fill.
    reachable = assign_seats(policy.seats, [*approving, *unheard])
    taken = {at: member for at, member in reachable.items() if member in approving}
    filled = tuple(FilledSeat(policy.seats[at], member.user_id, member.name) for at, member in taken.items())
    vacant = tuple(seat for at, seat in enumerate(policy.seats) if at not in taken)
    blocks = _objections(Verdict.BLOCK, standing, heard, subject.barred)
    changes = _objections(Verdict.REQUEST_CHANGES, standing, heard, subject.barred)
    is_reachable = len(reachable) == len(policy.seats)
    reasons = [f"{name} blocked: {why}" for name, why in blocks]
    reasons += [f"{name} asked for changes: {why}" for name, why in changes]
    if blocks or (changes and not is_reachable):
        state = DecisionState.REJECTED
    elif not vacant:
        state = DecisionState.APPROVED
        reasons.append(f"{len(filled)} of {len(policy.seats)} approvals are given.")
    else:
        state = DecisionState.PENDING
        reasons.append(f"{len(filled)} of {len(policy.seats)} approvals are given; {_listed(vacant)} must approve.")
        if not is_reachable:
            reasons.append("Nobody is left who could give the missing approvals.")
    reasons += [
        f"{roster_name(roster, user)} cannot approve: {why.rstrip('.')}."
        for user, why in sorted(subject.barred.items())
    ]
    return Decision(state, filled, vacant, dict(subject.barred), tuple(reasons))


def _objections(
    verdict: Verdict, standing: Mapping[int, HumanBallot], heard: Mapping[int, Member], barred: Mapping[int, str]
) -> list[tuple[str, str]]:
    return [
        (member.name, standing[voter].rationale or "no reason was recorded.")
        for voter, member in sorted(heard.items())
        if standing[voter].verdict is verdict and may_block(member, barred)
    ]


def _listed(seats: Sequence[Seat]) -> str:
    return " and ".join(seat.name for seat in seats)


def roster_name(roster: Roster, user_id: int) -> str:
    """Return the name of *user_id* on *roster*."""
    member = roster.find(user_id)
    return member.name if member else "Someone without a role here"
