"""Comparing lines is exact where it can be, and never takes minutes."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.highlighting import diff_columns
from apps.core.lines import line_matcher
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.patches import patched_files
from apps.generation.engine.source import unified_patch

LINES = st.lists(st.sampled_from("abc"), max_size=300)


@given(LINES, LINES)
def test_the_differences_turn_one_into_the_other(before: list[str], after: list[str]) -> None:
    made: list[str] = []
    for tag, start, end, from_, to in line_matcher(before, after).get_opcodes():
        made += before[start:end] if tag == "equal" else after[from_:to]
    assert made == after


@pytest.mark.parametrize("count", [3, pytest.param(30_000, marks=pytest.mark.slow)])
def test_a_text_of_one_line_again_and_again_is_compared_in_seconds(count: int) -> None:
    started = process_time()
    after = "x = 1\n" * count
    before = f"import os\n{after}"
    assert patched_files(unified_patch({"a.py": before}, {"a.py": after}), {"a.py": before}) == {"a.py": after}
    left, right = diff_columns(before, after)
    assert len(left) == len(right)
    assert changed_lines(after, before) >= {1}
    assert process_time() - started < 30
