"""
Laws of the decision rule over histories of votes, edits, recusals, role changes, closed accounts and jumping clocks.

How many histories are tried grows with hypothesis' profile: 10,000 by default, 100,000 in ``make nightly``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.governance.engine.decisions import Decision, DecisionState, HumanBallot, Verdict, decide, is_satisfiable
from tests.governance.histories import START, History, expected, history_of

pytestmark = pytest.mark.laws

HISTORIES = st.binary(min_size=8, max_size=48).map(history_of)
many = settings(max_examples=60 * settings.default.max_examples, deadline=None)
some = settings(max_examples=6 * settings.default.max_examples, deadline=None)


def decision_of(history: History) -> Decision:
    return decide(history.policy, history.ballots, history.subject, history.roster, history.now)


def is_approved(history: History) -> bool:
    return decision_of(history).state is DecisionState.APPROVED


@pytest.mark.bar(1)
@many
@given(HISTORIES)
def test_a_decision_is_what_searching_every_seating_finds(history: History) -> None:
    decision, law = decision_of(history), expected(history)
    assert (decision.state is DecisionState.APPROVED) == law.is_approved(history.policy)
    assert (len(decision.filled), decision.present) == (law.approvals, law.present)
    if law.is_vetoed:
        assert decision.state is DecisionState.REJECTED
    seated = [seat.voter_id for seat in decision.filled]
    people = history.roster.people()
    assert len({people[user] for user in seated}) == len(seated)
    assert len(decision.filled) + len(decision.open) == len(history.policy.seats)


@pytest.mark.bar(1)
@some
@given(HISTORIES)
def test_a_change_after_the_last_approval_voids_it(history: History) -> None:
    changed = replace(history, revision=history.revision + 1_000)
    decision = decision_of(changed)
    assert decision.state is not DecisionState.APPROVED
    assert decision.filled == ()


@pytest.mark.bar(1)
@some
@given(HISTORIES, st.integers(0, 300))
def test_time_alone_never_approves(history: History, minutes: int) -> None:
    history.ballots = [one for one in history.ballots if one.cast_at <= history.now]
    later = replace(history, now=history.now + timedelta(minutes=minutes))
    assert is_approved(history) or not is_approved(later)


@pytest.mark.bar(1)
@some
@given(HISTORIES, st.integers(1, 6))
def test_a_recusal_holds_whatever_else_its_person_says_and_lowers_no_threshold(history: History, user: int) -> None:
    history.ballots.append(HumanBallot(user, Verdict.RECUSE, "another", START - timedelta(days=9), is_voided=True))
    decision = decision_of(history)
    person = history.roster.people()
    if history.now >= START - timedelta(days=9):
        assert person[user] not in {person[seat.voter_id] for seat in decision.filled}
    assert decision.needed == history.policy.needed
    if decision.state is DecisionState.APPROVED:
        assert len(decision.filled) >= history.policy.needed


@pytest.mark.bar(1)
@some
@given(HISTORIES, st.integers(1, 6), st.booleans())
def test_a_veto_that_lasts_holds_whatever_happens_until_its_person_says_something_else(
    history: History, user: int, is_voided: bool
) -> None:
    people = history.roster.people()
    veto = HumanBallot(user, Verdict.BLOCK, "another", history.now - timedelta(days=9), is_voided=is_voided)
    others = [one for one in history.ballots if people[one.voter_id] != people[user]]
    subject = replace(history.subject, vetoers={user: "Ada"})
    vetoed = decide(history.policy, [veto, *others], subject, history.roster, history.now)
    assert vetoed.state is DecisionState.REJECTED
    word = HumanBallot(user, Verdict.ABSTAIN, history.digest, history.now)
    assert decide(history.policy, [veto, *others, word], subject, history.roster, history.now) == decide(
        history.policy, [*others, word], history.subject, history.roster, history.now
    )


@some
@given(HISTORIES, st.integers(1, 6))
def test_a_ballot_from_the_future_counts_for_nothing(history: History, user: int) -> None:
    before = decision_of(history)
    for verdict in Verdict:
        ahead = history.now + timedelta(seconds=1)
        history.ballots.append(HumanBallot(user, verdict, history.digest, ahead))
    assert decision_of(history) == before


@some
@given(HISTORIES, st.integers(1, 6))
def test_barring_or_closing_an_account_never_approves_where_seats_have_no_alternates(
    history: History, user: int
) -> None:
    history.policy = replace(
        history.policy, seats=tuple(replace(seat, alternates=frozenset()) for seat in history.policy.seats)
    )
    vetoed, was = expected(history).is_vetoed, is_approved(history)
    history.change(user, is_active=False)
    assert was or vetoed or not is_approved(history)


@some
@given(HISTORIES)
def test_what_is_approved_could_be_approved_by_those_who_were_not_recused(history: History) -> None:
    if not is_approved(history):
        return
    past = [one for one in history.ballots if one.cast_at <= history.now]
    recused = {one.voter_id: "stepped aside" for one in past if one.verdict is Verdict.RECUSE}
    spoke = {one.voter_id for one in past}
    gone = {one.user_id: "away" for one in history.members if one.is_absent and one.user_id not in spoke}
    assert is_satisfiable(history.policy, history.roster, {**history.barred, **recused, **gone})


@pytest.mark.bar(1)
@some
@given(HISTORIES, st.integers(1, 6))
def test_a_stranger_or_an_empty_digest_never_adds_anything(history: History, user: int) -> None:
    stranger = replace(history, members=[one for one in history.members if one.user_id != user])
    without = replace(stranger, ballots=[one for one in stranger.ballots if one.voter_id != user])
    assert len(decision_of(stranger).filled) <= len(decision_of(without).filled) or user in _held(history)
    nothing = replace(history.subject, digest="")
    blank = [replace(one, digest="") for one in history.ballots]
    assert decide(history.policy, blank, nothing, history.roster, history.now).filled == ()


def _held(history: History) -> set[int]:
    """Accounts named as holders: their recusal lets alternates in, whoever they are by now."""
    return {user for seat in history.policy.seats for user in seat.holders}
