"""Laws of delta debugging, and what it makes of inputs of each kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.outcomes import Outcome, outcome_from_value
from apps.generation.engine.shrinking import BATCH, can_shrink, differ_alike, reductions, shrink, size

ENOUGH = 10_000
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=12,
)
calls = st.builds(
    CallInput,
    args=st.lists(plain, max_size=3).map(tuple),
    kwargs=st.dictionaries(st.sampled_from("abc"), plain, max_size=2),
)
# Predicates that know nothing of how inputs are made smaller.
predicates = st.sampled_from(
    [
        lambda call: len(input_key(call)) % 3 != 0,
        lambda call: len(input_key(call)) > 20,
        lambda call: "1" in input_key(call),
        lambda call: True,
        lambda call: False,
    ]
)


def one_by_one(holds: Callable[[CallInput], bool]) -> Callable[..., list[bool]]:
    return lambda asked: [holds(one) for one in asked]


@given(calls, predicates)
def test_what_comes_back_holds_is_no_larger_and_no_reduction_of_it_would_do(call, holds):
    found = shrink(call, one_by_one(holds), batches=ENOUGH)
    assert found == call or input_key(found) == input_key(call) or holds(found)
    assert size(found) <= size(call)
    assert not any(size(one) < size(found) and holds(one) for one in reductions(found))
    assert input_key(shrink(call, one_by_one(holds), batches=ENOUGH)) == input_key(found)


@given(calls, predicates, st.integers(0, 4))
def test_it_asks_no_more_often_than_it_may_and_never_twice_for_one_input(call, holds, batches):
    asked: list[str] = []
    sizes: list[int] = []

    def differ(tried):
        asked.extend(map(input_key, tried))
        sizes.append(len(tried))
        return [holds(one) for one in tried]

    shrink(call, differ, batches=batches)
    assert len(sizes) <= batches and all(0 < one <= BATCH for one in sizes)
    assert len(set(asked)) == len(asked) and input_key(call) not in asked


@pytest.mark.parametrize(
    ("args", "holds", "smallest"),
    [
        (([5, 9, -7, 3, 8, 7],), lambda values: -7 in values, ([-7],)),
        (([4, 1, 4, 1, 4, 2],), lambda values: values.count(4) > 1, ([4, 4],)),
        (("the quick brown fox",), lambda text: "q" in text, ("q",)),
        ((10**40,), lambda number: number > 1000, (1001,)),
        ((-37.5,), lambda number: number <= -2, (-2.0,)),
        (
            ({"a": [1, 2], "b": [], "c": [3, 30]},),
            lambda table: any(30 in row for row in table.values()),
            ({"c": [30]},),
        ),
        ((frozenset({1, 2, 3}),), lambda numbers: 3 in numbers, (frozenset({3}),)),
        ((["longest", "of", "all"], 3), lambda words, count: len(words) >= 1 and count >= 1, ([""], 1)),
    ],
)
def test_only_what_tells_programs_apart_is_left(args, holds, smallest):
    found = shrink(CallInput(args), one_by_one(lambda call: holds(*call.args)), batches=ENOUGH)
    assert found.args == smallest


def test_steps_of_a_session_that_change_nothing_are_left_out():
    steps = ("queue = Queue()", "queue.push(1)", "queue.push(2)", "queue.pop()", "queue.size()")
    call = CallInput(steps=steps, expression="queue.pop()")
    needed = {"queue = Queue()", "queue.push(2)"}
    found = shrink(call, one_by_one(lambda one: needed <= set(one.steps)))
    assert found == CallInput(steps=("queue = Queue()", "queue.push(2)"), expression="queue.pop()")


def of(value: object = None, error: str = "") -> Outcome:
    return outcome_from_value(error=error) if error else outcome_from_value(value)


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ((of(1), of(2)), (of(3), of(4)), True),
        ((of(1), of(2)), (of(3), of(3)), False),
        ((of(1), of(2)), (of(3), of(error="IndexError: list index out of range")), False),
        ((of(1), of(error="ValueError: no")), (of(3), of(error="ValueError: nothing")), True),
        ((of(1), of(error="ValueError: no")), (of(3), of(error="IndexError: out of range")), False),
    ],
)
def test_a_difference_of_another_kind_is_another_finding(before, after, alike):
    assert differ_alike(before, after) is alike
    assert can_shrink(before)


def test_where_one_did_not_end_in_time_nothing_is_held_against_it():
    assert not can_shrink((of(1), outcome_from_value(has_value=False, status="timeout")))
