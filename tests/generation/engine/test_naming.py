"""The name and the types that are suggested for what a text leaves without a declaration."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.specification import IssueKind, analyse
from tests.cpu import costs_less

GIVEN = "Merge overlapping intervals. For example, given [[1, 3], [2, 6]] it returns [[1, 6]]."


def suggested(text: str, title: str = "") -> str:
    return next(one.suggestion for one in analyse(text, title=title).issues if one.kind is IssueKind.NO_SIGNATURE)


@pytest.mark.parametrize(
    ("title", "text", "signature"),
    [
        ("", GIVEN, "def merge_overlapping_intervals(value: list[list[int]]) -> list[list[int]]"),
        ("Merge intervals", GIVEN, "def merge_intervals(value: list[list[int]]) -> list[list[int]]"),
        ("", "Write a function that adds two numbers, quickly.", "def add_numbers(value: int) -> int"),
        ("", "Write a JavaScript function that sorts a list of users.", "function sortListUsers(value)"),
        ("class", "2 + 2", "def name(value: int) -> int"),
    ],
)
def test_a_declaration_is_suggested_from_the_words(title: str, text: str, signature: str) -> None:
    assert suggested(text, title) == signature


def test_with_the_suggestion_taken_the_told_example_is_read() -> None:
    (example,) = analyse(f"{suggested(GIVEN)}\n\n{GIVEN}").examples
    assert (example.args, example.expected) == (([[1, 3], [2, 6]],), [[1, 6]])


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_suggested_can_be_compiled(title: str, text: str) -> None:
    for issue in analyse(text, title=title).issues:
        if issue.kind is IssueKind.NO_SIGNATURE and issue.suggestion.startswith("def "):
            ast.parse(f"{issue.suggestion}: ...")


@pytest.mark.parametrize("unit", ["\n1,", "\n1,2", "input: 1, 2, 3\n", "given 1, "])
def test_ten_thousand_characters_of_values_take_under_300_ms(unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    assert costs_less(lambda: analyse(text, title="Add two numbers"), 0.3)
