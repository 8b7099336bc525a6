"""What the product promises is shown by tests, and the page of promises names exactly those."""

from __future__ import annotations

import pytest

from tests.bars import BARS, PAGE, page_text, shown


def test_the_page_names_exactly_the_marked_tests() -> None:
    assert PAGE.read_text() == page_text(), "Run python -m tests.bars and commit docs/bars.md."


@pytest.mark.parametrize("bar", BARS)
def test_each_bar_has_a_test(bar: int) -> None:
    assert [one for one in shown() if one.bar == bar]


def test_no_mark_names_a_bar_that_is_none() -> None:
    assert {one.bar for one in shown()} <= BARS.keys()
