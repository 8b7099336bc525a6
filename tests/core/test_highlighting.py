"""Highlighted code and diffs: nothing lost, nothing executable, columns of one height."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.highlighting import diff_columns, diff_lines, highlight_lines, split_lines

SOURCES = st.text(alphabet=st.sampled_from("ab \n\t\"'<>&#=(){}:\r\\"), max_size=80)


def words(line: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", line))


@given(SOURCES)
def test_highlighting_changes_no_character(source: str) -> None:
    assert [words(line) for line in highlight_lines(source)] == split_lines(source)


@given(SOURCES, SOURCES)
def test_the_columns_of_a_diff_have_one_height_and_hold_everything(before: str, after: str) -> None:
    left, right = diff_columns(before, after)
    assert len(left) == len(right)
    assert [words(line.html) for line in left if line.number] == split_lines(before)
    assert [words(line.html) for line in right if line.number] == split_lines(after)


@given(SOURCES, SOURCES)
def test_one_column_shows_every_removed_and_every_added_line(before: str, after: str) -> None:
    lines = diff_lines(before, after)
    assert [words(line.html) for line in lines if line.kind != "add"] == split_lines(before)
    assert [words(line.html) for line in lines if line.kind != "del"] == split_lines(after)


def test_markup_in_code_is_text() -> None:
    assert "<img" not in "".join(highlight_lines("x = '<img src=x onerror=alert(1)>'"))


@pytest.mark.parametrize("language", ["python", "javascript", "no such language"])
def test_every_span_ends_on_its_line(language: str) -> None:
    for line in highlight_lines('"""one\ntwo"""\nx = `a\nb`\n', language):
        assert line.count("<span") == line.count("</span>")
