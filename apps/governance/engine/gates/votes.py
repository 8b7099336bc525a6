"""The vote of a committee: what people choose from, whom it waits for, and whether it may end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from apps.governance.engine.decisions import HumanBallot, Policy, Roster, Seat, Seating, Subject, Verdict


class GateState(StrEnum):
    """Where a gate stands. The values are those of ``Gate.State``; the last four end it."""

    DRAFT = "draft"
    VOTING = "voting"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


# What is not decided yet can be read, seated, waived and withdrawn.
UNDECIDED = (GateState.DRAFT, GateState.VOTING)


class Choice(StrEnum):
    """What a member of the committee says."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    REJECT = "reject"
    ABSTAIN = "abstain"
    RECUSE = "recuse"


# A rejection is the engine's block: a veto from a seat that has one, an objection from any other.
VERDICTS = {
    Choice.APPROVE: Verdict.APPROVE,
    Choice.APPROVE_WITH_CONDITIONS: Verdict.APPROVE,
    Choice.REJECT: Verdict.BLOCK,
    Choice.ABSTAIN: Verdict.ABSTAIN,
    Choice.RECUSE: Verdict.RECUSE,
}


def empty_vetoes(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> tuple[Seat, ...]:
    """Return the seats from which nobody could cast the veto: no holder may vote, and nobody stands in for them."""
    empty = []
    for seat in policy.seats:
        alone = Seating(Policy(seat.name, (seat,), votes=policy.votes, blocks=None), roster, barred)
        if seat.has_veto and not alone.assign(alone.eligible, ()):
            empty.append(seat)
    return tuple(empty)


def silent_seats(
    policy: Policy, roster: Roster, subject: Subject, ballots: Collection[HumanBallot]
) -> tuple[Seat, ...]:
    """
    Return the seats that somebody could still speak from and nobody has, on the current digest.

    A vote ends early only when there are none, so that nobody, a seat with a veto least of all, is passed over.
    """
    recused = {ballot.voter_id for ballot in ballots if ballot.verdict is Verdict.RECUSE}
    seating = Seating(policy, roster, subject.barred, recused)
    spoke = {
        seating.person(ballot.voter_id)
        for ballot in ballots
        if not ballot.is_voided and subject.digest and ballot.digest == subject.digest
    }
    present = [ballot.voter_id for ballot in ballots]
    heard = [one for one in seating.eligible if seating.person(one.user_id) in spoke]
    silent = [one for one in seating.eligible if seating.person(one.user_id) not in spoke]
    taken = seating.assign([*heard, *silent], present)
    return tuple(policy.seats[at] for at, member in taken.items() if seating.person(member.user_id) not in spoke)
