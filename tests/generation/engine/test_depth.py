"""Review depth as a number: read from a form, in tenths, and of a group."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.depth import percent_read, quartiles, tenth_of


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        *(("", None), ("abc", None), ("NaN", None), ("inf", None), ("1e3", None), ("٤", None), (" 5", None)),
        *(("-4", 0), ("0", 0), ("41.6", 42), ("100", 100), ("250", 100), ("9" * 40, None)),
    ],
)
def test_what_a_form_sends_is_clamped_and_nonsense_is_not_measured(sent: str, read: int | None) -> None:
    assert percent_read(sent) == read


@given(st.text())
def test_every_text_is_a_percentage_or_nothing(text: str) -> None:
    read = percent_read(text)
    assert read is None or 0 <= read <= 100


@given(st.integers(0, 100))
def test_a_percentage_falls_into_its_tenth(percent: int) -> None:
    assert 10 * tenth_of(percent) <= percent <= 10 * tenth_of(percent) + 10
    assert tenth_of(percent) in range(10)


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 50), min_size=1))
def test_quartiles_are_those_of_the_reviews_in_order(counts: dict[int, int]) -> None:
    lower, median, upper = quartiles(counts)
    values = sorted(tenth for tenth, reviews in counts.items() for _ in range(reviews))
    assert lower <= median <= upper
    assert median == statistics.median_low(values)
    assert sum(value <= lower for value in values) * 4 >= len(values)
    assert sum(value <= upper for value in values) * 4 >= 3 * len(values)


def test_of_no_reviews_there_are_no_quartiles() -> None:
    assert quartiles({}) == ()
