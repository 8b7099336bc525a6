"""What an approval or a rejection says of each candidate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.judging import DIFFERS, Cause, rulings
from apps.generation.engine.outcomes import NOT_RUN, Expected, Outcome, outcome_from_value

EXAMPLE = PoolInput(CallInput((1,)), InputOrigin.EXAMPLE, Expected(2))
FUZZ = PoolInput(CallInput((10,)), InputOrigin.FUZZ)
INPUTS = [EXAMPLE, FUZZ]


def entry(name: str, *values: int | None) -> PoolEntry:
    outcomes: list[Outcome] = [NOT_RUN if value is None else outcome_from_value(value) for value in values]
    return PoolEntry(name, f"model-{name}", name, tuple(outcomes))


POOL = [entry("approved", 2, 20), entry("alike", 2, 20), entry("differs", 2, 11), entry("fails", 3, 20)]


def causes(found):
    return {one.id: (one.cause, one.right) for one in found}


def test_an_approval_says_something_of_every_candidate():
    assert causes(rulings(POOL, INPUTS, decided={"approved"}, is_approved=True)) == {
        "approved": (Cause.APPROVED, 1.0),
        "alike": (Cause.ALIKE, 1.0),
        "differs": (Cause.DIFFERS, DIFFERS),
        "fails": (Cause.FAILS, 0.0),
    }


def test_a_rejection_says_something_of_the_rejected_one_and_of_what_fails_examples():
    assert causes(rulings(POOL, INPUTS, decided={"approved"}, is_approved=False)) == {
        "approved": (Cause.REJECTED, 0.0),
        "fails": (Cause.FAILS, 0.0),
    }


def test_what_is_approved_although_it_fails_an_example_is_right_for_those_who_decide():
    found = causes(rulings(POOL, INPUTS, decided={"fails"}, is_approved=True))
    assert found["fails"] == (Cause.APPROVED, 1.0)
    assert found["differs"] == (Cause.DIFFERS, DIFFERS)


def test_where_nothing_ran_only_what_was_decided_is_judged():
    pool = [entry("approved", None, None), entry("other", None, None)]
    found = rulings(pool, INPUTS, decided={"approved"}, is_approved=True)
    assert causes(found) == {"approved": (Cause.APPROVED, 1.0)}
    assert found[0].group == ""


def test_those_that_did_the_same_share_a_group():
    groups = {one.id: one.group for one in rulings(POOL, INPUTS, decided={"approved"}, is_approved=True)}
    assert groups["approved"] == groups["alike"] != groups["differs"]
    assert "" not in groups.values()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(9, 11)), min_size=1, max_size=6), st.booleans(), st.randoms())
def test_rulings_are_shares_and_do_not_depend_on_the_order(values, is_approved, random):
    pool = [entry(f"c{index}", *pair) for index, pair in enumerate(values)]
    shuffled = pool[:]
    random.shuffle(shuffled)
    found = rulings(pool, INPUTS, decided={"c0"}, is_approved=is_approved)
    assert found == rulings(shuffled, INPUTS, decided={"c0"}, is_approved=is_approved)
    assert all(0 <= one.right <= 1 for one in found)
    assert "c0" in {one.id for one in found}
