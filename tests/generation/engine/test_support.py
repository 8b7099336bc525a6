"""The support of a behaviour: who else does the same, and which tests it meets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.outcomes import NOT_RUN, TIMEOUT, Expected, Outcome, outcome_from_value
from apps.generation.engine.support import VALUE_SHARE, Behaviour, Support, WrittenTest, supports

REFUSED = outcome_from_value(error="ValueError: no")
CRASHED = outcome_from_value(error="IndexError: list index out of range")
OUTCOMES = st.sampled_from(
    [
        *(outcome_from_value(n) for n in range(3)),
        outcome_from_value(1, mutated=([2],)),
        TIMEOUT,
        NOT_RUN,
        REFUSED,
        CRASHED,
    ]
)


def behaviour(*values: object, vote: float = 1.0) -> Behaviour:
    return Behaviour([one if isinstance(one, Outcome) else outcome_from_value(one) for one in values], vote)


def test_two_that_differ_on_one_input_still_help_each_other():
    first, second, third = supports([behaviour(1, 2), behaviour(1, 3), behaviour(9, 9)], [1.0, 1.0], [])
    assert first.agreement == second.agreement == 0.5
    assert third.agreement == 1 / 3


def test_one_that_leaves_its_arguments_alone_has_the_votes_of_those_that_return_the_same_and_change_them():
    """One is right, three are right and sort their argument in place, two leave it alone and are wrong."""
    changing = outcome_from_value(1, mutated=([1, 2],))
    pure, *_, wrong = supports([behaviour(one) for one in (1, changing, changing, changing, 7, 7)], [1.0], [])
    assert pure.agreement == pytest.approx((1 + 3 * VALUE_SHARE) / 6)
    assert pure.agreement > wrong.agreement == pytest.approx(2 / 6)


def test_what_changes_its_arguments_is_still_told_from_what_does_not():
    pure, _, changing = supports(
        [behaviour(1), behaviour(1), behaviour(outcome_from_value(1, mutated=([],)))], [1.0], []
    )
    assert pure.agreement > changing.agreement
    other = outcome_from_value(2, mutated=([],))
    assert supports([behaviour(1), behaviour(other)], [1.0], [])[0].agreement == 0.5


def test_a_time_out_agrees_with_nothing_and_what_nobody_ran_says_nothing():
    early, late = supports([behaviour(TIMEOUT, NOT_RUN), behaviour(TIMEOUT, NOT_RUN)], [1.0, 5.0], [])
    assert early.agreement == late.agreement == 0.0
    assert supports([behaviour(1, NOT_RUN)], [1.0, 5.0], [])[0].agreement == 1.0


def test_an_input_that_most_refuse_has_little_say_and_no_more_the_more_agree_on_refusing_it():
    """Two of four agree on a value where all return one, two others where nobody else does."""
    rows = [(1, REFUSED), (1, REFUSED), (2, 7), (3, 7)]
    refusing, _, valuing, _ = supports([behaviour(*row) for row in rows], [1.0, 1.0], [])
    assert refusing.agreement > valuing.agreement


def test_where_half_crash_those_that_return_the_same_value_have_more_support():
    crashing, _, valuing, _ = supports([behaviour(one) for one in (CRASHED, CRASHED, 7, 7)], [1.0], [])
    refusing, _, _, _ = supports([behaviour(one) for one in (REFUSED, REFUSED, 7, 7)], [1.0], [])
    assert valuing.agreement == refusing.agreement == 2 * crashing.agreement > 0


def test_a_test_is_worth_the_share_of_the_vote_that_meets_it():
    tests = [WrittenTest(0, Expected(1)), WrittenTest(0, Expected(2)), WrittenTest(0, Expected(7))]
    common, rare = supports([behaviour(1, vote=3), behaviour(2, vote=1)], [1.0], tests)
    assert (common.tests, rare.tests) == (0.75, 0.25)


def test_where_no_test_is_met_by_anybody_tests_decide_nothing():
    assert {one.tests for one in supports([behaviour(1), behaviour(2)], [1.0], [WrittenTest(0, Expected(7))])} == {1.0}


def test_tests_count_beside_agreement_only_where_no_example_says_what_is_meant():
    agreed, tested = Support(agreement=0.6, tests=0.2), Support(agreement=0.4, tests=1.0)
    assert agreed.strength(has_examples=True) > tested.strength(has_examples=True)
    assert agreed.strength(has_examples=False) < tested.strength(has_examples=False)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(OUTCOMES, min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    st.lists(st.floats(0.1, 5), min_size=6, max_size=6),
)
def test_agreement_is_a_share_and_grows_with_the_votes_of_those_that_do_the_same(rows, votes):
    behaviours = [Behaviour(row, vote) for row, vote in zip(rows, votes, strict=False)]
    weights = [1.0] * len(rows[0])
    found = supports(behaviours, weights, [])
    assert all(0 <= one.agreement <= 1 + 1e-9 and one.tests == 1.0 for one in found)
    if any(one in rows[0] for one in (REFUSED, CRASHED)):  # one more that refuses an input takes from its say
        return
    twin = supports([*behaviours, Behaviour(rows[0], 1.0)], weights, [])
    assert twin[0].agreement >= found[0].agreement - 1e-9
