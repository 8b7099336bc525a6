"""The laws of asking: only what divides is asked, the most decisive first, and never twice."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import TIMEOUT, Expected, Outcome, outcome_from_value, outcomes_agree
from apps.generation.engine.questions import best_question

EXAMPLE = PoolInput(CallInput((1,)), InputOrigin.EXAMPLE, Expected(2))
SMALL = PoolInput(CallInput((3,)), InputOrigin.FUZZ)
LARGE = PoolInput(CallInput((3_000_000,)), InputOrigin.FUZZ)
TESTED = PoolInput(CallInput((4,)), InputOrigin.GENERATED_TEST)


def value(of: object) -> Outcome:
    return outcome_from_value(of)


def entry(name: str, *outcomes: Outcome) -> PoolEntry:
    return PoolEntry(name, f"model-{name}", name, outcomes)


def test_nothing_is_asked_where_all_that_are_left_are_of_one_mind() -> None:
    pool = [entry("a", value(2), value(5)), entry("b", value(2), value(5)), entry("c", value(9), value(6))]
    assert best_question(pool, [EXAMPLE, SMALL]) is None


def test_the_most_decisive_input_is_asked_and_its_replies_are_weighed() -> None:
    pool = [
        entry("a", value(1), value(1)),
        entry("b", value(1), value(2)),
        entry("c", value(3), value(1)),
        entry("d", value(3), value(1)),
    ]
    asked = best_question(pool, [SMALL, TESTED])
    assert asked is not None and asked.index == 0
    assert [(reply.members, reply.share) for reply in asked.replies] == [(("a", "b"), 0.5), (("c", "d"), 0.5)]


def test_of_two_that_decide_the_same_the_smaller_is_asked() -> None:
    pool = [entry("a", value(1), value(1)), entry("b", value(2), value(2))]
    asked = best_question(pool, [LARGE, SMALL])
    assert asked is not None and asked.index == 1
    again = best_question(pool, [LARGE, SMALL], settled=[1])
    assert again is not None and again.index == 0


def test_an_input_on_which_nothing_can_be_compared_is_no_question() -> None:
    other = outcome_from_value(object())
    assert best_question([entry("a", TIMEOUT), entry("b", other)], [SMALL]) is None


@given(
    outcomes=st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=7), seed=st.integers()
)
def test_a_question_divides_those_that_are_left_whatever_their_order(outcomes: list[list[int]], seed: int) -> None:
    inputs = [EXAMPLE, TESTED, SMALL, LARGE]
    pool = [entry(str(n), *map(value, row)) for n, row in enumerate(outcomes)]
    shuffled = random.Random(seed).sample(pool, len(pool))  # noqa: S311
    asked = best_question(pool, inputs)
    assert asked == best_question(shuffled, inputs)
    most = max(row[0] == 2 for row in outcomes)
    left = [one for one, row in zip(pool, outcomes, strict=True) if (row[0] == 2) == most]
    divided = {
        index
        for index in (1, 2, 3)
        if any(not outcomes_agree(one.outcomes[index], left[0].outcomes[index]) for one in left)
    }
    assert (asked is None) == (not divided)
    if asked is not None:
        assert asked.index in divided
        assert sorted(name for reply in asked.replies for name in reply.members) == sorted(one.id for one in left)
        assert abs(sum(reply.share for reply in asked.replies) - 1) < 1e-9


def test_what_somebody_may_have_had_in_mind_is_asked_before_what_is_new() -> None:
    """Both divide alike; the shorter input is negative, which no example is."""
    negative, larger = (PoolInput(CallInput((n,)), InputOrigin.FUZZ) for n in (-3, 3000))
    pool = [entry("a", value(2), value(1), value(1)), entry("b", value(2), value(2), value(2))]
    asked = best_question(pool, [EXAMPLE, negative, larger])
    assert asked is not None and asked.index == 2


def test_what_is_new_is_asked_last_even_where_it_would_decide_most() -> None:
    """Four do four things on a negative number; on a larger one only one of them differs."""
    negative, larger = (PoolInput(CallInput((n,)), InputOrigin.FUZZ) for n in (-3, 3000))
    pool = [entry(name, value(2), value(n), value(n == 0)) for n, name in enumerate("abcd")]
    asked = best_question(pool, [EXAMPLE, negative, larger])
    assert asked is not None and asked.index == 2
    then = best_question(pool, [EXAMPLE, negative, larger], settled=[2])
    assert then is not None and then.index == 1


def test_an_input_that_half_refuse_is_asked_after_one_on_which_as_many_differ() -> None:
    refused = outcome_from_value(error="ValueError: no")
    pool = [entry("a", refused, value(1)), entry("b", value(4), value(2))]
    asked = best_question(pool, [SMALL, LARGE])
    assert asked is not None and asked.index == 1
