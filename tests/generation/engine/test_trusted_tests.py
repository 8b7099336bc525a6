"""How far tests are trusted by their author, and what that does to a vote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, decide_consensus
from apps.generation.engine.expertise import Tally
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Expected, outcome_from_value
from apps.generation.engine.trusted_tests import UNPROVED, authors_trusted, is_written_test, judged_tests, trusting

authors = st.sampled_from(["", "a", "b", "c"])
inputs = st.lists(
    st.builds(
        PoolInput,
        call=st.builds(CallInput, args=st.tuples(st.integers(0, 9))),
        origin=st.sampled_from(InputOrigin),
        expected=st.none() | st.builds(Expected, value=st.integers(0, 2)),
        weight=st.sampled_from([0.5, 1.0]),
        author=authors,
    ),
    max_size=8,
)


def written(number: int, expected: int, author: str) -> PoolInput:
    return PoolInput(CallInput((number,)), InputOrigin.GENERATED_TEST, Expected(expected), author=author)


@given(inputs, st.dictionaries(authors, st.floats(0.01, 1)))
def test_only_written_tests_weigh_otherwise(items, trust):
    for before, after in zip(items, trusting(items, trust), strict=True):
        if is_written_test(before):
            assert after.weight == trust.get(before.author, UNPROVED)
        else:
            assert after == before


@given(st.dictionaries(authors, st.tuples(st.integers(0, 50), st.floats(0, 1)), max_size=4))
def test_trust_lies_between_a_coin_and_what_was_seen(seen):
    tallies = {author: Tally(count, count * share) for author, (count, share) in seen.items()}
    for author, known in authors_trusted(tallies, [*tallies, "stranger"]).items():
        count, share = seen.get(author, (0, 0.0))
        observed = share if count else UNPROVED
        assert min(UNPROVED, observed) - 1e-9 <= known.mean <= max(UNPROVED, observed) + 1e-9
        assert known.low <= known.mean <= known.high
        assert known.answers == count


def test_tests_are_judged_by_programs_that_are_right():
    items = [written(1, 1, "a"), written(2, 9, "a"), PoolInput(CallInput((3,)), InputOrigin.FUZZ)]
    right = [[outcome_from_value(value) for value in (1, 2, 3)], [outcome_from_value(value) for value in (1, 9, 3)]]
    assert [(one.model, one.right) for one in judged_tests(items, right)] == [("a", 1.0), ("a", 0.5)]
    assert judged_tests(items, []) == []


@pytest.mark.parametrize(
    ("trust", "chosen"), [({"good": 0.95, "bad": 0.1}, "right"), ({"good": 0.1, "bad": 0.95}, "wrong")]
)
def test_the_tests_of_who_is_trusted_more_decide_between_equals(trust, chosen):
    items = [written(1, 1, "good"), written(2, 2, "good"), written(3, 0, "bad"), written(4, 0, "bad")]
    pool = [
        PoolEntry("right", "m1", "d1", tuple(outcome_from_value(value) for value in (1, 2, 3, 4))),
        PoolEntry("wrong", "m2", "d2", tuple(outcome_from_value(0) for _ in range(4))),
    ]
    found = decide_consensus(pool, trusting(items, trust))
    assert found.selected == chosen
    assert found.unweighted_selected == decide_consensus(pool, items).unweighted_selected
