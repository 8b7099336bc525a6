"""Columns of code side by side, of each only what the others have not."""

from __future__ import annotations

import re

from apps.core.differing import only_differing
from apps.core.highlighting import code_lines

LONG = [f"value_{number} = {number}" for number in range(30)]


def shown(*texts: list[str], context: int = 1) -> list[list[str]]:
    columns = only_differing([code_lines("\n".join(text), "text") for text in texts], context=context)
    return [[re.sub("<[^>]+>", "", line.html) for line in column] for column in columns]


def test_lines_that_all_have_are_counted_in_one_line() -> None:
    assert shown(LONG, LONG) == [["30 lines are the same"]] * 2


def test_what_another_has_not_is_shown_with_the_lines_around_it() -> None:
    other = [*LONG[:10], "value_10 = ten", *LONG[11:]]
    assert shown(LONG, other) == [
        ["9 lines are the same", LONG[9], line, LONG[11], "18 lines are the same"] for line in (LONG[10], other[10])
    ]


def test_where_a_line_is_missing_its_neighbours_are_shown() -> None:
    assert shown(LONG, LONG[:10] + LONG[11:])[1] == [
        "9 lines are the same",
        LONG[9],
        LONG[11],
        "18 lines are the same",
    ]


def test_three_columns_are_compared_with_one_another() -> None:
    columns = shown(LONG, [*LONG[:5], "a = 1", *LONG[6:]], [*LONG[:20], "b = 1", *LONG[21:]], context=0)
    assert [column[1:4:2] for column in columns] == [[LONG[5], LONG[20]], ["a = 1", LONG[20]], [LONG[5], "b = 1"]]


def test_one_line_is_one_line_and_one_column_stays_whole() -> None:
    assert shown(LONG[:2], [LONG[0], "x"], context=0)[0] == ["1 line is the same", LONG[1]]
    assert shown(LONG) == [LONG]
