"""What ballots mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.governance.engine.decisions import (
    DEFAULT_POLICIES,
    DecisionState,
    HumanBallot,
    Member,
    ModelTally,
    Policy,
    Roster,
    Seat,
    Subject,
    Verdict,
    decide,
    is_satisfiable,
    shortfall,
)
from apps.governance.engine.permissions import Role

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBJECT = Subject("consensus", UUID(int=1), "d" * 64, {})
LOW, HIGH = DEFAULT_POLICIES["low"], DEFAULT_POLICIES["high"]


def member(user_id, *roles, **fields):
    return Member(user_id, f"Person {user_id}", frozenset(roles or {Role.REVIEWER}), **fields)


def ballot(voter_id, verdict=Verdict.APPROVE, **fields):
    return HumanBallot(**{"voter_id": voter_id, "verdict": verdict, "digest": SUBJECT.digest, "cast_at": NOW, **fields})


ROSTER = Roster((member(1), member(2, is_owner=True), member(3), member(4, Role.ENGINEER, is_owner=True)))


def outcome(*ballots, policy=LOW, subject=SUBJECT, roster=ROSTER):
    return decide(policy, ballots, subject, roster, NOW)


def test_two_people_of_whom_one_owns_the_code_approve_a_low_risk():
    decision = outcome(ballot(1), ballot(2))
    assert decision.state is DecisionState.APPROVED
    assert {seat.voter_id for seat in decision.filled} == {1, 2}
    assert decision.open == ()


def test_one_person_never_fills_two_seats():
    decision = outcome(ballot(2), ballot(2, cast_at=NOW - timedelta(hours=1)))
    assert decision.state is DecisionState.PENDING
    assert len(decision.filled) == 1


def test_two_reviewers_without_an_owner_are_not_enough():
    decision = outcome(ballot(1), ballot(3))
    assert decision.state is DecisionState.PENDING
    assert [seat.name for seat in decision.open] == ["an owner"]


def test_an_owner_who_is_no_reviewer_has_no_seat():
    assert outcome(ballot(1), ballot(4)).state is DecisionState.PENDING


def test_the_owner_moves_to_the_owners_seat_when_a_second_reviewer_comes():
    roster = Roster((member(1, is_owner=True), member(2)))
    assert outcome(ballot(1), ballot(2), roster=roster).state is DecisionState.APPROVED


def test_what_is_open_after_the_owners_approval_is_what_the_others_can_fill():
    roster = Roster((member(1), member(2, is_owner=True)))
    decision = outcome(ballot(2), roster=roster)
    assert [(filled.seat.name, filled.voter_id) for filled in decision.filled] == [("an owner", 2)]
    assert [seat.name for seat in decision.open] == ["a reviewer"]
    assert "1 of 2 approvals are given; a reviewer must approve." in decision.reasons


def test_a_ballot_on_other_content_does_not_count():
    assert outcome(ballot(1), ballot(2, digest="e" * 64)).state is DecisionState.PENDING


def test_a_voided_ballot_does_not_count():
    assert outcome(ballot(1), ballot(2, is_voided=True)).state is DecisionState.PENDING


def test_a_ballot_from_the_future_does_not_count():
    assert outcome(ballot(1), ballot(2, cast_at=NOW + timedelta(minutes=1))).state is DecisionState.PENDING


def test_a_barred_person_does_not_count_and_the_decision_says_why():
    subject = Subject("consensus", UUID(int=1), SUBJECT.digest, {2: "they asked for this code."})
    decision = outcome(ballot(1), ballot(2), subject=subject)
    assert decision.state is DecisionState.PENDING
    assert "Person 2 cannot approve: they asked for this code." in decision.reasons


@pytest.mark.parametrize(
    "voter",
    [
        member(2, is_owner=True, is_human=False),
        member(2, is_owner=True, is_active=False),
        member(2, Role.REVIEWER, Role.ADMIN, is_owner=True),
    ],
)
def test_machines_closed_accounts_and_administrators_do_not_count(voter):
    assert outcome(ballot(1), ballot(2), roster=Roster((member(1), voter))).state is DecisionState.PENDING


def test_a_block_outweighs_any_number_of_approvals():
    decision = outcome(ballot(1), ballot(2), ballot(3, Verdict.BLOCK, rationale="It logs the key."))
    assert decision.state is DecisionState.REJECTED
    assert "Person 3 blocked: It logs the key." in decision.reasons


def test_a_block_by_someone_barred_is_no_veto():
    subject = Subject("consensus", UUID(int=1), SUBJECT.digest, {3: "they edited the candidate."})
    assert outcome(ballot(1), ballot(2), ballot(3, Verdict.BLOCK), subject=subject).state is DecisionState.APPROVED


def test_a_wish_for_changes_waits_while_others_could_still_approve():
    assert outcome(ballot(3, Verdict.REQUEST_CHANGES), ballot(1)).state is DecisionState.PENDING


def test_a_wish_for_changes_by_the_only_owner_ends_it():
    assert outcome(ballot(2, Verdict.REQUEST_CHANGES), ballot(1)).state is DecisionState.REJECTED


def test_an_abstention_of_the_only_owner_leaves_it_pending_and_says_so():
    decision = outcome(ballot(2, Verdict.ABSTAIN), ballot(1))
    assert decision.state is DecisionState.PENDING
    assert "Nobody is left who could give the missing approvals." in decision.reasons


def test_a_high_risk_needs_an_owner_an_architect_and_a_quality_lead():
    architect = member(5, Role.REVIEWER, Role.ARCHITECT)
    lead = member(6, Role.REVIEWER, Role.QUALITY_LEAD)
    roster = Roster((member(1), member(2, is_owner=True), architect, lead))
    assert outcome(ballot(1), ballot(2), ballot(5), policy=HIGH, roster=roster).state is DecisionState.PENDING
    assert outcome(ballot(2), ballot(5), ballot(6), policy=HIGH, roster=roster).state is DecisionState.APPROVED


def test_a_policy_nobody_could_satisfy_is_known_before_anyone_votes():
    assert is_satisfiable(LOW, ROSTER, {})
    assert not is_satisfiable(LOW, ROSTER, {2: "asked"})
    assert [seat.name for seat in shortfall(HIGH, ROSTER, {})] == ["an architect", "a quality lead"]


def test_a_policy_without_seats_cannot_be_made():
    with pytest.raises(ValueError, match="at least one seat"):
        Policy("nothing", ())


def test_a_models_tally_is_no_ballot():
    with pytest.raises(AttributeError):
        outcome(ballot(1), ModelTally(agreeing=9, total=9))


ROLES = st.frozensets(st.sampled_from(list(Role)), max_size=3)
MEMBERS = st.builds(
    Member,
    user_id=st.integers(1, 6),
    name=st.just("Someone"),
    roles=st.one_of(st.just(frozenset({Role.REVIEWER})), ROLES),
    is_owner=st.booleans(),
    is_human=st.sampled_from([True, True, False]),
    is_active=st.sampled_from([True, True, False]),
)
ROSTERS = st.lists(MEMBERS, max_size=6, unique_by=lambda m: m.user_id).map(lambda members: Roster(tuple(members)))
BALLOTS = st.lists(
    st.builds(
        HumanBallot,
        voter_id=st.integers(1, 7),
        verdict=st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.APPROVE, *Verdict]),
        digest=st.sampled_from([SUBJECT.digest, SUBJECT.digest, "e" * 64]),
        cast_at=st.integers(-5, 1).map(lambda minutes: NOW + timedelta(minutes=minutes)),
        is_voided=st.sampled_from([False, False, True]),
    ),
    max_size=10,
)
SEATS = st.builds(
    Seat,
    name=st.just("a seat"),
    also=st.sampled_from([None, None, Role.ARCHITECT, Role.QUALITY_LEAD]),
    is_owner=st.booleans(),
)
POLICIES = st.lists(SEATS, min_size=1, max_size=3).map(lambda seats: Policy("any", tuple(seats)))
BARRED = st.dictionaries(st.integers(1, 7), st.just("they wrote it."), max_size=2)


@settings(max_examples=2_000, deadline=None)
@given(POLICIES, BALLOTS, BARRED, ROSTERS)
def test_approved_implies_enough_distinct_eligible_people_on_the_current_digest(policy, ballots, barred, roster):
    subject = Subject("consensus", UUID(int=1), SUBJECT.digest, barred)
    decision = decide(policy, ballots, subject, roster, NOW)
    if decision.state is not DecisionState.APPROVED:
        return
    voters = {
        member.user_id
        for member in roster.members
        if member.is_human
        and member.is_active
        and member.user_id not in barred
        and Role.REVIEWER in member.roles
        and not member.roles & {Role.ADMIN, Role.SERVICE}
        and any(
            b.voter_id == member.user_id
            and b.verdict is Verdict.APPROVE
            and b.digest == subject.digest
            and not b.is_voided
            and b.cast_at <= NOW
            for b in ballots
        )
    }
    seated = [seat.voter_id for seat in decision.filled]
    assert len(seated) == len(set(seated)) == len(policy.seats)
    assert set(seated) <= voters
    assert is_satisfiable(policy, roster, barred)


@settings(max_examples=300, deadline=None)
@given(POLICIES, BALLOTS, BARRED, ROSTERS, st.integers(1, 7))
def test_an_unknown_voters_ballot_changes_nothing(policy, ballots, barred, roster, stranger):
    roster = Roster(tuple(m for m in roster.members if m.user_id != stranger))
    subject = Subject("consensus", UUID(int=1), SUBJECT.digest, barred)
    without = [b for b in ballots if b.voter_id != stranger]
    assert decide(policy, ballots, subject, roster, NOW) == decide(policy, without, subject, roster, NOW)
