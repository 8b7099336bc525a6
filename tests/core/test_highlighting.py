"""Highlighted code and diffs: nothing lost, nothing executable, columns of one height."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.highlighting import diff_columns, diff_lines, folded, highlight_lines, only_lines, split_lines
from apps.core.lines import block_changes, changed_spans

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
    assert [words(line.html) for line in left if line.number] == (split_lines(before) if before else [])
    assert [words(line.html) for line in right if line.number] == (split_lines(after) if after else [])


@given(SOURCES, SOURCES)
def test_one_column_shows_every_removed_and_every_added_line(before: str, after: str) -> None:
    lines = diff_lines(before, after)
    assert [words(line.html) for line in lines if line.kind != "add"] == (split_lines(before) if before else [])
    assert [words(line.html) for line in lines if line.kind != "del"] == (split_lines(after) if after else [])


def test_markup_in_code_is_text() -> None:
    assert "<img" not in "".join(highlight_lines("x = '<img src=x onerror=alert(1)>'"))


@pytest.mark.parametrize("language", ["python", "javascript", "no such language"])
def test_every_span_ends_on_its_line(language: str) -> None:
    for line in highlight_lines('"""one\ntwo"""\nx = `a\nb`\n', language):
        assert line.count("<span") == line.count("</span>")


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_folding_keeps_every_change_and_the_columns_aligned(before: list[str], after: list[str]) -> None:
    columns = diff_columns("\n".join(before), "\n".join(after))
    left, right = folded(columns)
    assert len(left) == len(right)
    for whole, short in zip(columns, (left, right), strict=True):
        assert [line for line in whole if line.kind in ("add", "del")] == [
            line for line in short if line.kind in ("add", "del")
        ]
        hidden = sum(int(line.html.split()[0]) for line in short if line.kind == "fold")
        assert hidden + sum(line.kind != "fold" for line in short) == len(whole)


def test_lines_far_from_a_change_are_one_line_that_says_how_many() -> None:
    before = "\n".join(str(number) for number in range(20))
    left, right = folded(diff_columns(before, f"{before}\nnew"))
    assert [line.html for line in left if line.kind == "fold"] == ["17 lines are the same"]
    assert [line.number for line in right if line.number] == [18, 19, 20, 21]


LINES = st.text(alphabet=st.sampled_from("ab =(),.<&1"), max_size=24)


@given(LINES, LINES)
def test_what_is_not_marked_is_the_same_on_both_sides(before: str, after: str) -> None:
    old, new = changed_spans(before, after)
    assert _without(before, old) == _without(after, new)


def _without(line: str, spans: tuple[tuple[int, int], ...]) -> str:
    return "".join(c for at, c in enumerate(line) if not any(first <= at < last for first, last in spans))


@given(LINES)
def test_a_line_that_did_not_change_is_not_marked(line: str) -> None:
    assert changed_spans(line, line) == ((), ())


def test_the_words_that_changed_are_marked_in_both_columns() -> None:
    left, right = diff_columns("total = add(price, 19)\nx = 1", "total = add(price, rate)\nx = 1")
    assert [re.findall(r'class="[^"]*changed">([^<]*)<', line.html) for line in left] == [["19"], []]
    assert [re.findall(r'class="[^"]*changed">([^<]*)<', line.html) for line in right] == [["rate"], []]


def test_lines_that_have_nothing_to_do_with_each_other_are_not_marked() -> None:
    assert block_changes(["return total"], ["for item in things:"]) == ({}, {})


def test_a_line_is_compared_with_the_one_that_it_became() -> None:
    gone, come = block_changes(["return a.lower()"], ["plain = a.strip()", "return plain.lower()"])
    assert (gone, come) == ({0: ((7, 8),)}, {1: ((7, 12),)})


BLOCKS = st.lists(LINES, max_size=5)


@given(BLOCKS, BLOCKS)
def test_pairs_of_lines_keep_their_order_and_differ_only_where_it_is_marked(
    before: list[str], after: list[str]
) -> None:
    gone, come = block_changes(before, after)
    for i, j in zip(sorted(gone), sorted(come), strict=True):
        assert _without(before[i], gone[i]) == _without(after[j], come[j])


def test_a_mark_cuts_through_a_string_and_stays_escaped() -> None:
    (line,) = [one for one in diff_lines("x = 'a <b>'", "x = 'a <i>'") if one.kind == "add"]
    assert "<i>" not in line.html
    assert 'changed">i</span>' in line.html


@given(SOURCES, SOURCES, st.frozensets(st.integers(1, 20)), st.frozensets(st.integers(1, 20)))
def test_of_a_column_the_wanted_lines_are_kept_and_the_others_counted(
    before: str, after: str, new: frozenset[int], old: frozenset[int]
) -> None:
    lines = diff_lines(before, after)
    kept = only_lines(lines, after=new, before=old)
    wanted = [line for line in lines if line.number in (old if line.kind == "del" else new)]
    assert [line for line in kept if line.kind != "fold"] == wanted
    left_out = sum(int(line.html.split()[0]) for line in kept if line.kind == "fold")
    assert left_out == len(lines) - len(wanted)
