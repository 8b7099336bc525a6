"""Numbers of others are read as far as they are numbers, and never raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.numbers import whole_number


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_whole_number_is_read_back(number: int) -> None:
    assert whole_number(str(number)) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "1_0", "²", "٣", "1" * 19, "9" * 5000, "0x1", "\x00"])
def test_what_is_no_whole_number_or_too_long_is_none(text: str) -> None:
    assert whole_number(text) is None
