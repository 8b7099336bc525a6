"""
Histories of a decision, decoded from bytes, and a reference that says by search what they must lead to.

A history is drawn as bytes, which hypothesis draws and shrinks fast enough for 10,000 histories in a few seconds. The
reference shares no code with the engine: it tries every way to seat people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from apps.governance.engine.decisions import HumanBallot, Member, Policy, Roster, Seat, Subject, Verdict
from apps.governance.engine.permissions import Role

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNTS = 6
VERDICTS = (Verdict.APPROVE,) * 9 + tuple(Verdict)
KINDS = ("vote",) * 8 + ("edit", "void", "role", "account", "absence", "bar", "link", "clock")
# What each extra role is toggled by; everybody begins as a reviewer.
ROLES = (Role.REVIEWER, Role.ARCHITECT, Role.ADMIN, Role.QUALITY_LEAD, Role.SERVICE)
JUMPS = (5, 45, 120, -5, -45, -300)
GRAVITY = [Verdict.RECUSE, Verdict.BLOCK, Verdict.REQUEST_CHANGES, Verdict.ABSTAIN, Verdict.APPROVE]


@dataclass
class History:
    """Everything that ``decide`` is given, after a number of events."""

    policy: Policy
    members: list[Member]
    ballots: list[HumanBallot] = field(default_factory=list)
    barred: dict[int, str] = field(default_factory=dict)
    revision: int = 0
    now: datetime = START

    @property
    def digest(self) -> str:
        return f"{self.revision:064}"

    @property
    def subject(self) -> Subject:
        return Subject("consensus", UUID(int=1), self.digest, self.barred)

    @property
    def roster(self) -> Roster:
        return Roster(tuple(self.members))

    def change(self, user_id: int, **fields: object) -> None:
        self.members = [replace(one, **fields) if one.user_id == user_id else one for one in self.members]


def history_of(data: bytes) -> History:
    """Return the history that *data* says: eight bytes for policy and people, then two for each event."""
    head, events = data[:8].ljust(8, b"\0"), data[8:]
    history = History(_policy(head), [_member(user, head[7]) for user in range(1, ACCOUNTS + 1)])
    for what, detail in zip(events[::2], events[1::2], strict=False):
        _happen(history, KINDS[what % len(KINDS)], detail % ACCOUNTS + 1, detail // ACCOUNTS)
    return history


def _policy(head: bytes) -> Policy:
    seats = tuple(_seat(at, head[at]) for at in range(head[3] % 3 + 1))
    life = timedelta(minutes=60) if head[6] % 2 else None
    return Policy("any", seats, head[4] % len(seats) + 1, head[5] % (len(seats) + 1), life)


def _seat(at: int, said: int) -> Seat:
    holders = frozenset({at + 1, at + 2}) if said & 1 else frozenset()
    return Seat(
        name=f"seat {at}",
        also=Role.ARCHITECT if said & 48 == 48 else None,
        is_owner=said & 12 == 12,
        holders=holders,
        alternates=frozenset({at + 3, at + 4}) if holders and said & 2 else frozenset(),
        has_veto=said & 192 == 192,
    )


def _member(user_id: int, said: int) -> Member:
    return Member(user_id, f"Person {user_id}", frozenset({Role.REVIEWER}), is_owner=bool(said >> user_id & 1))


def _happen(history: History, kind: str, user: int, detail: int) -> None:
    member = history.roster.find(user)
    assert member is not None
    if kind == "vote":
        verdict = VERDICTS[detail % len(VERDICTS)]
        history.ballots.append(HumanBallot(user, verdict, history.digest, history.now, rationale="Because."))
    elif kind == "edit":
        history.revision = max(0, history.revision + (-1 if detail % 4 == 0 else 1))
    elif kind == "void":
        history.ballots = [replace(one, is_voided=one.is_voided or one.voter_id == user) for one in history.ballots]
    elif kind == "role":
        history.change(user, roles=member.roles ^ {ROLES[detail % len(ROLES)]})
    elif kind == "account":
        history.change(user, is_active=not member.is_active, is_human=detail % 4 != 0)
    elif kind == "absence":
        history.change(user, is_absent=not member.is_absent)
    elif kind == "bar":
        history.barred[user] = "they edited it"
    elif kind == "link":
        history.change(user, person="" if member.person else "the same person")
    else:
        history.now += timedelta(minutes=JUMPS[detail % len(JUMPS)])


# --- The reference --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """What the law allows: whether it is vetoed, and by how many seats it is approved and attended at most."""

    is_vetoed: bool
    approvals: int
    present: int

    def is_approved(self, policy: Policy) -> bool:
        return not self.is_vetoed and self.approvals >= policy.needed and self.present >= policy.quorum


def expected(history: History) -> Expected:
    """Return what *history* must lead to, by trying every way to seat people."""
    world = _Reference(history)
    seats = range(len(history.policy.seats))
    approving = [one for one in world.able() if world.says(one) is Verdict.APPROVE]
    present = [one for one in world.able() if world.says(one) is not None]
    return Expected(
        is_vetoed=any(world.vetoes(one) for one in history.members),
        approvals=_most(world, list(seats), approving, frozenset()),
        present=_most(world, list(seats), present, frozenset()),
    )


def _most(world: _Reference, seats: list[int], people: list[Member], used: frozenset[str]) -> int:
    if not seats:
        return 0
    best = _most(world, seats[1:], people, used)
    for one in people:
        if best == len(seats):
            break
        person = world.person(one.user_id)
        if person not in used and world.sits(one, history_seat(world, seats[0])):
            best = max(best, 1 + _most(world, seats[1:], people, used | {person}))
    return best


def history_seat(world: _Reference, at: int) -> Seat:
    return world.history.policy.seats[at]


class _Reference:
    def __init__(self, history: History) -> None:
        self.history = history
        self.past = [one for one in history.ballots if one.cast_at <= history.now]

    def person(self, user: int) -> str:
        found = [one.person for one in self.history.members if one.user_id == user and one.person]
        return found[0] if found else str(user)

    def accounts(self, person: str) -> list[Member]:
        return [one for one in self.history.members if self.person(one.user_id) == person]

    def may(self, one: Member, *roles: Role) -> bool:
        if not (one.is_active and one.is_human and one.roles & set(roles)):
            return False
        for other in self.accounts(self.person(one.user_id)):
            if other.user_id in self.history.barred or other.roles & {Role.ADMIN, Role.SERVICE}:
                return False
            if any(b.voter_id == other.user_id and b.verdict is Verdict.RECUSE for b in self.past):
                return False
        return True

    def able(self) -> list[Member]:
        return [one for one in self.history.members if self.may(one, Role.REVIEWER) and self.last(one.user_id)]

    def last(self, user: int) -> HumanBallot | None:
        """The newest ballot of an account that stands; of two at the same instant the graver one."""
        order = count()
        stands: Iterator[tuple[datetime, int, int, HumanBallot]] = (
            (one.cast_at, -GRAVITY.index(one.verdict), next(order), one)
            for one in self.past
            if one.voter_id == user and one.digest == self.history.digest and not one.is_voided
        )
        newest = max(stands, key=lambda found: found[:3], default=None)
        if newest is None:
            return None
        life, ballot = self.history.policy.ballot_life, newest[3]
        is_over = life is not None and self.history.now - ballot.cast_at >= life
        return None if is_over and ballot.verdict in {Verdict.APPROVE, Verdict.ABSTAIN} else ballot

    def says(self, one: Member) -> Verdict | None:
        lasts = [self.last(other.user_id) for other in self.accounts(self.person(one.user_id))]
        return min((ballot.verdict for ballot in lasts if ballot), key=GRAVITY.index, default=None)

    def qualifies(self, one: Member, seat: Seat) -> bool:
        return not (seat.is_owner and not one.is_owner) and (not seat.also or seat.also in one.roles)

    def sits(self, one: Member, seat: Seat) -> bool:
        if not self.qualifies(one, seat):
            return False
        if not seat.holders or one.user_id in seat.holders:
            return True
        return one.user_id in seat.alternates and all(self.is_out(holder, seat) for holder in seat.holders)

    def is_out(self, user: int, seat: Seat) -> bool:
        holder = next((one for one in self.history.members if one.user_id == user), None)
        if holder is None or not self.may(holder, Role.REVIEWER) or not self.qualifies(holder, seat):
            return True
        return holder.is_absent and all(ballot.voter_id != user for ballot in self.past)

    def vetoes(self, one: Member) -> bool:
        ballot = self.last(one.user_id)
        if ballot is None or ballot.verdict is not Verdict.BLOCK:
            return False
        if self.may(one, Role.REVIEWER, Role.QUALITY_LEAD, Role.ARCHITECT):
            return True
        return self.may(one, Role.REVIEWER) and any(
            seat.has_veto and self.sits(one, seat) for seat in self.history.policy.seats
        )
