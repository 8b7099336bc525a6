"""Criteria against readings: honest bounds, exact shortfalls, and nothing that fails ever passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.intervals import wilson
from apps.governance.engine.gates import (
    BLOCKING,
    EXPANSION,
    Comparison,
    Criterion,
    Judged,
    Seated,
    State,
    definition_content,
    definition_problem,
    definition_read,
    fewest_more,
    gate_policy,
    impossible,
    judge,
)
from apps.governance.engine.permissions import Action
from apps.governance.measures import Measure, Reading, Shape

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
shapes = st.sampled_from(Shape)
comparisons = st.sampled_from(Comparison)
figures = st.none() | st.floats(-2, 2) | st.just(float("nan")) | st.just(float("inf"))


def measure(shape: Shape = Shape.RATE, unit: str = "%") -> Measure:
    return Measure("app.figure", "A figure", "what it is", shape, unit, "group", lambda scopes, window: Reading(0.0))


def criterion(comparison: Comparison = Comparison.AT_LEAST, threshold: float = 0.9, **fields: object) -> Criterion:
    return Criterion("key", "A criterion", "app.figure", comparison, threshold, **fields)


def held(
    value: float | None,
    n: int,
    asked: Criterion | None = None,
    shape: Shape = Shape.RATE,
    as_of: datetime | None = NOON,
    **fields: object,
) -> Judged:
    reading = Reading(value, n=n, as_of=as_of, missing="" if value is not None else "Nothing was decided.", **fields)
    return judge(asked or criterion(), measure(shape), reading, error="", now=NOON)


FLAKES = criterion(Comparison.BELOW, 0.01, good=("clean rerun", "clean reruns"))


def test_a_flake_rate_below_one_percent_takes_381_clean_reruns():
    assert held(0.0, 380, FLAKES).state is State.INSUFFICIENT_DATA
    assert held(0.0, 381, FLAKES).state is State.MET
    judged = held(0.0, 200, FLAKES)
    assert judged.sentence == "Another 181 clean reruns would show that it is below 1 %."
    assert judged.missing_n == 181


def test_an_approval_of_ninety_percent_takes_about_95_of_99():
    assert held(95 / 99, 99).state is State.MET
    assert held(94 / 99, 99).state is State.INSUFFICIENT_DATA
    judged = held(1.0, 1, criterion(good=("approved request", "approved requests")))
    assert judged.state is State.INSUFFICIENT_DATA
    assert judged.sentence == "Another 34 approved requests would show that it is at least 90 %."


def test_a_point_that_fails_is_not_met_and_says_what_would_turn_it():
    judged = held(0.5, 40, criterion(good=("approved request", "approved requests")))
    assert judged.state is State.NOT_MET
    more = judged.missing_n
    assert more is not None
    assert wilson(20 + more, 40 + more).low >= 0.9 > wilson(20 + more - 1, 40 + more - 1).low
    assert judged.sentence == f"50 % is not at least 90 %. Another {more} approved requests in a row would turn it."


@pytest.mark.bar(7)
def test_few_observations_say_nothing_whatever_the_value():
    asked = criterion(minimum_n=30, counted=("decided request", "decided requests"))
    assert held(1.0, 29, replace(asked, threshold=0.5)).state is State.INSUFFICIENT_DATA
    assert held(0.0, 5, asked).state is State.INSUFFICIENT_DATA
    few = held(0.2, 3, replace(asked, comparison=Comparison.AT_MOST, threshold=3.0), Shape.COUNT)
    assert few.state is State.INSUFFICIENT_DATA


@pytest.mark.bar(15)
def test_a_minimum_over_a_window_compares_itself():
    asked = criterion(threshold=0.9)
    assert held(0.9, 4, asked, Shape.MINIMUM).state is State.MET
    below = held(0.89999, 4, asked, Shape.MINIMUM)
    assert below.state is State.NOT_MET
    assert below.sentence.startswith("89.999 % is not at least 90 %.")


def test_what_is_missing_says_so_itself():
    judged = held(None, 0, as_of=None)
    assert (judged.state, judged.sentence) == (State.INSUFFICIENT_DATA, "Nothing was decided.")


def test_what_nobody_registered_is_an_error():
    judged = judge(criterion(), None, None, error="", now=NOON)
    assert judged.state is State.ERROR
    assert judged.sentence.startswith("Nothing measures this yet")


@pytest.mark.bar(7)
def test_what_failed_or_was_never_read_is_an_error():
    assert judge(criterion(), measure(), None, error="The source is down.", now=NOON).sentence == "The source is down."
    assert judge(criterion(), measure(), None, error="", now=NOON).state is State.ERROR
    good = Reading(1.0, n=10_000, as_of=NOON)
    assert judge(criterion(), measure(), good, error="The source is down.", now=NOON).state is State.ERROR


def test_old_figures_are_stale_and_future_ones_are_errors():
    assert held(1.0, 1000, as_of=NOON - timedelta(days=7)).state is State.MET
    assert held(1.0, 1000, as_of=NOON - timedelta(days=7, seconds=1)).state is State.STALE
    assert held(1.0, 1000, as_of=NOON + timedelta(minutes=6)).state is State.ERROR
    assert held(1.0, 1000, as_of=None).state is State.ERROR
    assert held(0.0, 0, criterion(Comparison.AT_MOST, 0, minimum_n=0), Shape.COUNT, None).state is State.MET


def test_a_source_with_a_flattering_interval_is_held_against_wilsons():
    assert held(1.0, 5, low=1.0, high=1.0).state is State.INSUFFICIENT_DATA


@given(figures, st.integers(-2, 500), figures, figures, shapes, comparisons, st.floats(-1, 2), st.booleans())
def test_met_is_only_what_the_honest_bound_shows(value, n, low, high, shape, comparison, threshold, is_old):
    as_of = NOON - timedelta(days=30 if is_old else 1)
    reading = Reading(value, n=n, low=low, high=high, as_of=as_of, missing="" if value is not None else "none")
    asked = criterion(comparison, threshold, minimum_n=5)
    judged = judge(asked, measure(shape), reading, error="", now=NOON)
    assert judged.sentence
    if judged.state is not State.MET:
        return
    assert value is not None and n >= 5 and not is_old
    ends = (judged.low, judged.high)
    assert ends[0] <= value <= ends[1]
    if shape is Shape.RATE:
        exact = wilson(value * n, n)
        assert ends[0] <= exact.low and ends[1] >= exact.high
    shown = {
        Comparison.AT_LEAST: ends[0] >= threshold,
        Comparison.AT_MOST: ends[1] <= threshold,
        Comparison.BELOW: ends[1] < threshold,
    }
    assert shown[comparison]


@given(st.integers(0, 300), st.integers(0, 300), comparisons, st.floats(0.02, 0.98))
def test_the_shortfall_is_enough_and_one_fewer_is_not(bad, fine, comparison, threshold):
    n = bad + fine
    good = fine if comparison is Comparison.AT_LEAST else bad
    asked = criterion(comparison, threshold, minimum_n=10)
    more = fewest_more(asked, good=good, n=n)
    assert more is not None
    gain = 1 if comparison is Comparison.AT_LEAST else 0

    def met(extra: int) -> bool:
        total = n + extra
        return held((good + gain * extra) / total, total, asked).state is State.MET if total else False

    assert met(more)
    assert more == 0 or not met(more - 1)


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 50))
def test_further_good_observations_never_take_a_criterion_away(good, n, extra):
    good = min(good, n)
    if held(good / n, n).state is State.MET:
        assert held((good + extra) / (n + extra), n + extra).state is State.MET


def test_what_nothing_could_ever_show_is_said_to_be_impossible():
    assert "no number of observations" in impossible(criterion(threshold=1.0), Shape.RATE)
    assert "no number of observations" in impossible(criterion(Comparison.BELOW, 0.0), Shape.RATE)
    assert "between 0 and 100" in impossible(criterion(threshold=90), Shape.RATE)
    assert "below 0" in impossible(criterion(Comparison.BELOW, 0.0), Shape.COUNT)
    assert impossible(criterion(threshold=0.99), Shape.RATE) == ""


def test_a_definition_survives_its_own_words():
    assert definition_read(definition_content(EXPANSION)) == EXPANSION
    shapes_known = {one.measure: Shape.RATE for one in EXPANSION.criteria if one.threshold < 1 and one.threshold > 0}
    assert definition_problem(EXPANSION, shapes_known) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"needed": 3}, "more than half"),
        ({"needed": 7}, "seats"),
        ({"criteria": ()}, "criteria"),
        ({"criteria": (criterion(is_required=False),)}, "requires nothing"),
        ({"criteria": (criterion(), criterion())}, "name of its own"),
        ({"criteria": (criterion(),), "most_waivers": 1}, "Not every criterion"),
        ({"vote_days": 0}, "lasts a day"),
    ],
)
def test_a_definition_that_decides_nothing_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(EXPANSION, **change)


def test_the_vote_has_six_seats_one_veto_and_leaves_empty_seats_empty():
    policy = gate_policy(EXPANSION, {"chair": Seated("chair", frozenset({7}), frozenset({8}))})
    assert (len(policy.seats), policy.needed, policy.votes, policy.blocks) == (6, 4, Action.GATE_VOTE, None)
    assert [seat.name for seat in policy.seats if seat.has_veto] == ["Security"]
    assert policy.seats[0].holders == {7} and policy.seats[0].alternates == {8}
    assert all(seat.holders for seat in policy.seats)


@pytest.mark.bar(7)
def test_errors_and_stale_figures_block():
    assert {State.ERROR, State.STALE} == BLOCKING
