"""What ballots mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

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


@pytest.mark.bar(2)
def test_a_models_tally_is_no_ballot():
    with pytest.raises(AttributeError):
        outcome(ballot(1), ModelTally(agreeing=9, total=9))


COMMITTEE = Policy("a committee", tuple(Seat(f"seat {at}") for at in range(4)), needed=2, quorum=3)
FOUR = Roster(tuple(member(user) for user in range(1, 5)))


def test_k_of_n_seats_approve_once_the_quorum_is_there():
    two = outcome(ballot(1), ballot(2), policy=COMMITTEE, roster=FOUR)
    assert (two.state, two.present) == (DecisionState.PENDING, 2)
    assert "2 of 3 seats are present." in two.reasons
    there = outcome(ballot(1), ballot(2), ballot(3, Verdict.ABSTAIN), policy=COMMITTEE, roster=FOUR)
    assert (there.state, there.needed, there.present) == (DecisionState.APPROVED, 2, 3)


def test_whoever_steps_aside_is_not_present_and_lowers_nothing():
    decision = outcome(ballot(1), ballot(2), ballot(3, Verdict.RECUSE), policy=COMMITTEE, roster=FOUR)
    assert (decision.state, decision.needed, decision.present) == (DecisionState.PENDING, 2, 2)
    assert decision.recused == ("Person 3",)
    assert "Person 3 stepped aside." in decision.reasons


def test_a_recusal_holds_on_a_later_revision_and_against_a_later_approval():
    earlier = ballot(2, Verdict.RECUSE, digest="e" * 64, cast_at=NOW - timedelta(days=3))
    decision = outcome(ballot(1), ballot(2), earlier)
    assert decision.state is DecisionState.PENDING
    assert "Nobody is left who could give the missing approvals." in decision.reasons


STAND_IN = Policy("named", (Seat("security", holders=frozenset({1}), alternates=frozenset({2})),))


@pytest.mark.parametrize(
    ("holder", "ballots"),
    [
        (member(1, is_active=False), ()),
        (member(1, is_absent=True), ()),
        (member(1, Role.ENGINEER), ()),
        (member(1), (ballot(1, Verdict.RECUSE),)),
    ],
)
def test_an_alternate_sits_while_the_holder_is_out(holder, ballots):
    roster = Roster((holder, member(2)))
    assert outcome(ballot(2), *ballots, policy=STAND_IN, roster=roster).state is DecisionState.APPROVED


@pytest.mark.parametrize(
    ("holder", "ballots"), [(member(1), ()), (member(1, is_absent=True), (ballot(1, Verdict.ABSTAIN),))]
)
def test_an_alternate_does_not_sit_beside_the_holder(holder, ballots):
    roster = Roster((holder, member(2)))
    assert outcome(ballot(2), *ballots, policy=STAND_IN, roster=roster).state is DecisionState.PENDING


def test_two_accounts_of_one_person_fill_one_seat():
    roster = Roster((member(1, person="ada"), member(2, is_owner=True, person="ada")))
    decision = outcome(ballot(1), ballot(2), roster=roster)
    assert (decision.state, len(decision.filled)) == (DecisionState.PENDING, 1)


def test_who_is_barred_is_barred_in_every_account():
    subject = Subject("consensus", UUID(int=1), SUBJECT.digest, {9: "they asked for this code."})
    roster = Roster((member(1), member(2, is_owner=True, person="ada")), {9: "ada"})
    assert outcome(ballot(1), ballot(2), subject=subject, roster=roster).state is DecisionState.PENDING


def test_a_block_in_a_second_account_outweighs_the_approval_in_the_first():
    roster = Roster((member(1), member(2, is_owner=True, person="ada"), member(3, person="ada")))
    assert outcome(ballot(1), ballot(2), ballot(3, Verdict.BLOCK), roster=roster).state is DecisionState.REJECTED


def test_a_seat_with_a_veto_blocks_where_roles_do_not():
    policy = Policy(
        "seats", (Seat("security", holders=frozenset({1}), has_veto=True), Seat("any")), needed=1, blocks=None
    )
    roster = Roster((member(1), member(2), member(3)))
    assert outcome(ballot(2), ballot(3, Verdict.BLOCK), policy=policy, roster=roster).state is DecisionState.APPROVED
    assert outcome(ballot(2), ballot(1, Verdict.BLOCK), policy=policy, roster=roster).state is DecisionState.REJECTED


@pytest.mark.parametrize("roster", [FOUR, Roster(FOUR.members[1:])], ids=["a member", "no member any more"])
@pytest.mark.parametrize("change", [{}, {"is_voided": True}, {"digest": "e" * 64}], ids=str)
def test_a_veto_that_lasts_stands_until_whoever_cast_it_says_something_else(roster, change):
    policy = Policy("seats", (Seat("one"), Seat("two")), blocks=None)
    subject = replace(SUBJECT, vetoers={1: "Ada"})
    veto = ballot(1, Verdict.BLOCK, rationale="Not yet.", **{"cast_at": NOW - timedelta(days=400), **change})
    blocked = outcome(veto, ballot(2), ballot(3), policy=policy, subject=subject, roster=roster)
    assert (blocked.state, blocked.reasons) == (DecisionState.REJECTED, ("Ada vetoed: Not yet.",))
    for word in (Verdict.ABSTAIN, Verdict.REQUEST_CHANGES, Verdict.RECUSE):
        said = outcome(veto, ballot(1, word), ballot(2), ballot(3), policy=policy, subject=subject, roster=roster)
        assert said.state is DecisionState.APPROVED


def test_the_block_of_nobody_who_may_veto_lasts_no_longer_than_it_did():
    policy = Policy("seats", (Seat("one"), Seat("two")), blocks=None)
    block = ballot(1, Verdict.BLOCK)
    assert outcome(block, ballot(2), ballot(3), policy=policy, roster=FOUR).state is DecisionState.APPROVED


def test_what_a_person_says_last_in_another_account_ends_their_veto():
    policy = Policy("seats", (Seat("one"), Seat("two")), blocks=None)
    roster = Roster((member(1, person="ada"), member(2), member(3), member(5, person="ada")))
    veto = ballot(1, Verdict.BLOCK, cast_at=NOW - timedelta(days=1), is_voided=True)
    subject = replace(SUBJECT, vetoers={1: "Ada"})
    assert outcome(veto, ballot(5), ballot(2), policy=policy, subject=subject, roster=roster).state is (
        DecisionState.APPROVED
    )


def test_an_approval_ends_and_an_objection_does_not():
    policy = Policy("short", (Seat("a reviewer"),), ballot_life=timedelta(days=1))
    old = {"cast_at": NOW - timedelta(days=1)}
    assert outcome(ballot(1, **old), policy=policy).state is DecisionState.PENDING
    assert outcome(ballot(3), ballot(1, Verdict.BLOCK, **old), policy=policy).state is DecisionState.REJECTED


@pytest.mark.parametrize("fields", [{"needed": 3}, {"needed": -1}, {"quorum": 3}, {"ballot_life": timedelta(0)}])
def test_a_policy_that_contradicts_itself_cannot_be_made(fields):
    with pytest.raises(ValueError):
        Policy("wrong", (Seat("one"), Seat("two")), **fields)


def test_alternates_stand_in_for_somebody():
    with pytest.raises(ValueError, match="nobody whom they stand in for"):
        Seat("a seat", alternates=frozenset({1}))


def test_a_policy_is_met_while_enough_of_its_seats_can_be_filled():
    assert shortfall(COMMITTEE, Roster(FOUR.members[:3]), {}) == ()
    assert len(shortfall(COMMITTEE, Roster(FOUR.members[:2]), {})) == 2
