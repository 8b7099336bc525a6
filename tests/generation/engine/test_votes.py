"""Votes: copies and models that err alike add less than strangers, and never take away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, decide_consensus
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.kinship import Answered, kinship_learned
from apps.generation.engine.outcomes import outcome_from_value
from apps.generation.engine.votes import NO_KINSHIP, Kinship

MEMBERS = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0.01, 2)), min_size=1, max_size=6)
DEGREES = st.dictionaries(st.sampled_from([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]), st.floats(0, 1))


@given(MEMBERS, DEGREES)
def test_kin_weigh_at_most_what_strangers_do_and_the_order_does_not_matter(members, degrees):
    found = Kinship(degrees).discounted(members)
    assert all(0 < one <= weight for one, (_, weight) in zip(found, members, strict=True))
    assert Kinship(degrees).discounted(members[::-1]) == pytest.approx(found[::-1])
    assert NO_KINSHIP.discounted(members) == [weight for _, weight in members]


def test_models_that_always_err_as_one_weigh_as_one():
    twins = Kinship({("a", "b"): 1.0, ("a", "c"): 1.0, ("b", "c"): 1.0})
    assert sum(twins.discounted([("a", 0.9), ("b", 0.9), ("c", 0.9)])) == pytest.approx(0.9)


def entry(name: str, value: int) -> PoolEntry:
    return PoolEntry(name, f"model-{name}", name, (outcome_from_value(value),))


def test_two_strangers_outvote_three_of_a_kind_and_without_kinship_they_do_not():
    pool = [entry("a", 1), entry("b", 1), entry("c", 1), entry("d", 2), entry("e", 2)]
    inputs = [PoolInput(CallInput((1,)), InputOrigin.FUZZ)]
    kin = Kinship({(f"model-{x}", f"model-{y}"): 0.9 for x, y in ("ab", "ac", "bc")})
    assert decide_consensus(pool, inputs).selected == "a"
    found = decide_consensus(pool, inputs, kinship=kin)
    assert found.selected == "d" and found.unweighted_selected == "a"
    assert decide_consensus(pool[::-1], inputs, kinship=kin) == found


def answered(**answers: tuple[int, bool]) -> list[Answered]:
    return [Answered(model, str(value), right) for model, (value, right) in answers.items()]


def test_kin_are_those_that_make_the_same_mistakes_and_not_those_that_are_right_together():
    learned = kinship_learned([answered(a=(1, False), b=(1, False), c=(2, False), d=(3, True), e=(3, True))] * 20)
    assert learned.degrees["a", "b"] > 0.5
    assert learned.degrees["a", "c"] == learned.degrees.get(("d", "e"), 0.0) == 0.0
    assert kinship_learned([]) == Kinship({})
