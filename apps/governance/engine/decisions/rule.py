"""The rule itself: ballots, policy, subject, roster and time in; approved, rejected or pending out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.governance.engine.decisions.model import (
    PASSING,
    Decision,
    DecisionState,
    FilledSeat,
    HumanBallot,
    Member,
    Policy,
    Roster,
    Seat,
    Subject,
    Verdict,
)
from apps.governance.engine.decisions.seating import Seating

# What a person says with several accounts is the first of these that any of them says.
_GRAVEST = (Verdict.RECUSE, Verdict.BLOCK, Verdict.REQUEST_CHANGES, Verdict.ABSTAIN, Verdict.APPROVE)


def decide(policy: Policy, ballots: Iterable[HumanBallot], subject: Subject, roster: Roster, now: datetime) -> Decision:
    """
    Return what *ballots* mean for *subject* under *policy*.

    Approved: as many seats as the policy needs are filled, each by a different eligible person's approval of the
    current digest; as many as it asks for are present; nobody with a veto blocks. Rejected: somebody with a veto
    blocks, or vetoed and has not said otherwise, or there is an objection and the people who have not spoken could no
    longer make up the number. Pending: everything else, missing data included. Time alone never approves anything.
    """
    cast = [ballot for ballot in ballots if ballot.cast_at <= now]
    recused = {ballot.voter_id for ballot in cast if ballot.verdict is Verdict.RECUSE}
    seating = Seating(policy, roster, subject.barred, recused)
    spoke = {ballot.voter_id for ballot in cast}
    said = _said(_standing(cast, policy, subject, now), seating)
    heard = _Heard(seating, spoke, said)
    approving, present = heard.eligible(Verdict.APPROVE), heard.eligible(*_GRAVEST)
    unheard = [member for member in seating.eligible if seating.person(member.user_id) not in heard.by_person]
    # Whoever approved keeps a seat while the others are placed, so what stays open is what the others can fill.
    taken = seating.assign(approving, spoke)
    reachable = seating.assign([*approving, *unheard], spoke)
    kept = {at: reachable[at] for at in reachable if reachable[at] in approving}
    there = len(seating.assign(present, spoke))
    could_be_there = len(seating.assign([*present, *unheard], spoke))
    blocks, objections = heard.objections(besides=subject.vetoers)
    blocks = _lasting_vetoes(cast, subject, seating) + blocks
    is_reachable = len(reachable) >= policy.needed and could_be_there >= policy.quorum
    if blocks or (objections and not is_reachable):
        state = DecisionState.REJECTED
    elif len(taken) >= policy.needed and there >= policy.quorum:
        state = DecisionState.APPROVED
    else:
        state = DecisionState.PENDING
    names = tuple(member.name for member in roster.members if seating.person(member.user_id) in seating.recused)
    reasons = [*blocks, *objections]
    if not blocks:
        reasons += _standing_of(policy, kept, there, state, is_reachable=is_reachable)
    reasons += [f"{name} stepped aside." for name in names]
    reasons += [
        f"{_roster_name(roster, user)} cannot approve: {why.rstrip('.')}."
        for user, why in sorted(subject.barred.items())
    ]
    return Decision(
        state=state,
        filled=tuple(FilledSeat(policy.seats[at], one.user_id, one.name) for at, one in kept.items()),
        open=tuple(seat for at, seat in enumerate(policy.seats) if at not in kept),
        barred=dict(subject.barred),
        reasons=tuple(reasons),
        needed=policy.needed,
        present=there,
        recused=names,
    )


def _standing(cast: Collection[HumanBallot], policy: Policy, subject: Subject, now: datetime) -> dict[int, HumanBallot]:
    """Return each account's newest ballot on the current digest that is not voided and has not ended."""
    newest: dict[int, HumanBallot] = {}
    for ballot in sorted(cast, key=lambda one: (one.cast_at, -_GRAVEST.index(one.verdict))):
        if subject.digest and not ballot.is_voided and ballot.digest == subject.digest:
            newest[ballot.voter_id] = ballot
    life = policy.ballot_life
    return {
        voter: ballot
        for voter, ballot in newest.items()
        if life is None or ballot.verdict not in PASSING or now - ballot.cast_at < life
    }


def _lasting_vetoes(cast: Collection[HumanBallot], subject: Subject, seating: Seating) -> list[str]:
    """Return, as sentences, the vetoes that last: a block of a vetoer that is the last word of their person."""
    last: dict[str, HumanBallot] = {}
    for ballot in sorted(cast, key=lambda one: (one.cast_at, not one.is_voided, -_GRAVEST.index(one.verdict))):
        last[seating.person(ballot.voter_id)] = ballot
    return [
        f"{subject.vetoers[ballot.voter_id]} vetoed: {ballot.rationale or 'no reason was recorded.'}"
        for ballot in sorted(last.values(), key=lambda one: one.voter_id)
        if ballot.verdict is Verdict.BLOCK and ballot.voter_id in subject.vetoers
    ]


def _said(standing: Mapping[int, HumanBallot], seating: Seating) -> dict[int, HumanBallot]:
    """Leave out whoever is not on the roster: a ballot nobody can place counts for nothing."""
    return {voter: ballot for voter, ballot in standing.items() if voter in seating.by_id}


@dataclass(frozen=True)
class _Heard:
    """What the people of a roster said, by account and by natural person."""

    seating: Seating
    spoke: Collection[int]
    said: Mapping[int, HumanBallot]

    @property
    def by_person(self) -> dict[str, Verdict]:
        """The gravest that any account of a person says."""
        gravest: dict[str, Verdict] = {}
        for voter, ballot in self.said.items():
            person = self.seating.person(voter)
            gravest[person] = min(gravest.get(person, ballot.verdict), ballot.verdict, key=_GRAVEST.index)
        return gravest

    def eligible(self, *verdicts: Verdict) -> list[Member]:
        """Return the accounts that may fill a seat and whose person says one of *verdicts*, by account."""
        by_person = self.by_person
        return [
            member
            for member in self.seating.eligible
            if member.user_id in self.said and by_person[self.seating.person(member.user_id)] in verdicts
        ]

    def objections(self, *, besides: Collection[int]) -> tuple[list[str], list[str]]:
        """Return the vetoes, and the objections that are none, as sentences; blocks of *besides* are told elsewhere."""
        blocks, others = [], []
        for voter, ballot in sorted(self.said.items()):
            member = self.seating.by_id[voter]
            is_told = ballot.verdict is Verdict.BLOCK and voter in besides
            if is_told or ballot.verdict not in {Verdict.BLOCK, Verdict.REQUEST_CHANGES}:
                continue
            why = ballot.rationale or "no reason was recorded."
            has_veto = self.seating.may_block(member, self.spoke)
            if ballot.verdict is Verdict.BLOCK and has_veto:
                blocks.append(f"{member.name} blocked: {why}")
            elif ballot.verdict is Verdict.REQUEST_CHANGES and has_veto:
                others.append(f"{member.name} asked for changes: {why}")
            elif member in self.seating.eligible:
                others.append(f"{member.name} objected: {why}")
        return blocks, others


def _standing_of(
    policy: Policy, kept: Mapping[int, Member], there: int, state: DecisionState, *, is_reachable: bool
) -> list[str]:
    """Return how far the approvals are, as sentences."""
    if state is DecisionState.APPROVED:
        return [f"{len(kept)} of {policy.needed} approvals are given."]
    vacant = [seat for at, seat in enumerate(policy.seats) if at not in kept]
    missing = policy.needed - len(kept)
    sentences = [f"{len(kept)} of {policy.needed} approvals are given."]
    if missing == len(vacant):
        sentences = [f"{len(kept)} of {policy.needed} approvals are given; {_listed(vacant, 'and')} must approve."]
    elif missing > 0:
        sentences = [f"{len(kept)} of {policy.needed} approvals are given; {missing} of {_listed(vacant, 'or')} must."]
    if there < policy.quorum:
        sentences.append(f"{there} of {policy.quorum} seats are present.")
    if state is DecisionState.PENDING and not is_reachable:
        sentences.append("Nobody is left who could give the missing approvals.")
    return sentences


def _listed(seats: Sequence[Seat], word: str) -> str:
    return f" {word} ".join(seat.name for seat in seats)


def _roster_name(roster: Roster, user_id: int) -> str:
    member = roster.find(user_id)
    return member.name if member else "Someone without a role here"
