"""Making inputs larger, and reading growth off times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.inputs import CallInput
from apps.generation.engine.profile import SIZES, Point, Profile, grown

PLAIN = st.integers(-9, 9) | st.text("abc", max_size=3)
COLLECTIONS = st.lists(PLAIN, min_size=1, max_size=5) | st.text("ab", min_size=1) | st.sets(st.integers(), min_size=1)


def timed(power: float, *, ms: float = 0.01) -> Profile:
    return Profile(tuple(Point(size, ms * size**power, 100, 0) for size in SIZES))


@pytest.mark.parametrize(
    ("power", "words"),
    [
        (0.0, "constant"),
        (0.5, "slower than linear"),
        (1.0, "about linear"),
        (2.0, "about quadratic"),
        (3, "about size^3.0"),
    ],
)
def test_the_power_is_read_off_the_times(power: float, words: str) -> None:
    assert timed(power).exponent == pytest.approx(power, abs=0.01)
    assert timed(power).words == words


def test_times_too_short_to_be_told_apart_say_nothing() -> None:
    assert timed(0.0, ms=1e-6).exponent is None
    assert Profile(timed(1.0).points[:2]).words == ""


@given(value=COLLECTIONS, size=st.sampled_from(SIZES), other=st.integers())
def test_an_input_is_made_exactly_as_large_as_asked(value: object, size: int, other: int) -> None:
    larger = grown(CallInput((value, other), {"key": value}), size)
    assert larger is not None
    first, second = larger.args
    assert type(first) is type(value) and second == other
    assert len(first) == size or (isinstance(value, (set, frozenset)) and len(first) >= size - len(value))
    assert larger.kwargs["key"] == first


@pytest.mark.parametrize(
    "call", [CallInput((3, 4.5)), CallInput(([],)), CallInput((("a", 1),)), CallInput(steps=("x = 1",), expression="x")]
)
def test_what_has_no_parts_cannot_be_made_larger(call: CallInput) -> None:
    assert grown(call, 16) is None


def test_numbers_go_on_counting_and_texts_stay_different() -> None:
    larger = grown(CallInput(([1, 2, 3], {"ab": 1})), 16)
    assert larger is not None
    assert len(set(larger.args[0])) == 16
    assert len(larger.args[1]) == 16


def test_a_process_that_would_take_too_long_is_not_started() -> None:
    slow = Profile((Point(1024, 100.0, 3, 0),))
    assert not slow.is_affordable(4096, 1000)
    assert slow.is_affordable(4096, 100_000)
    assert Profile(()).is_affordable(16, 1)
