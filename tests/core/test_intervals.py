"""Intervals of middles and counts, beside published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.intervals import middle, poisson, wilson


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_median_lies_within_values_that_were_seen(values):
    found = middle(values)
    assert found.low in values
    assert found.high in values
    assert found.low <= found.mean <= found.high


def test_a_median_of_few_values_is_bounded_by_all_of_them():
    assert middle([3.0, 1.0, 2.0]) == middle([1.0, 2.0, 3.0])
    assert (middle([3.0, 1.0, 2.0]).low, middle([3.0, 1.0, 2.0]).high) == (1.0, 3.0)
    with pytest.raises(ValueError, match="needs a value"):
        middle([])


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.69), (1, 0.03, 5.57), (10, 4.80, 18.39)])
def test_a_count_has_the_exact_interval_of_the_tables(count, low, high):
    found = poisson(count)
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.06)


@given(st.integers(0, 10_000))
def test_a_count_lies_within_its_interval(count):
    found = poisson(count)
    assert 0 <= found.low <= count <= found.high


def test_a_rate_of_nothing_could_be_anything():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
