"""Tables whose rows call methods are read as sessions, and run as they are written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.specification import analyse
from tests.cpu import cpu_seconds
from tests.generation.engine.test_method_examples import STACK, read, run_python

HEAD = "| call | result |\n|---|---|\n"
PUSHED = ("stack = Stack()", "stack.push(1)")


def rows(*cells: tuple[str, ...], head: str = HEAD) -> str:
    return head + "".join(f"| {' | '.join(row)} |\n" for row in cells)


@pytest.mark.parametrize(
    ("text", "steps", "call", "outcome"),
    [
        (rows(("stack.push(1)", ""), ("stack.pop()", "1")), PUSHED, "stack.pop()", 1),
        (rows(("`stack.push(1)`", "—"), ("`stack.pop()`", "`1`")), PUSHED, "stack.pop()", 1),
        (rows(("s = Stack()", ""), ("s.push(2)", ""), ("s.pop()", "2")), ("s = Stack()", "s.push(2)"), "s.pop()", 2),
        (rows(("stack.pop()", "raises IndexError")), ("stack = Stack()",), "stack.pop()", "IndexError"),
        (rows(("stack = Stack(); stack.push(1); stack.pop()", "1")), PUSHED, "stack.pop()", 1),
        (rows(("Stack().push(2).total()", "2")), ("result = Stack()",), "result.push(2).total()", 2),
        (rows(("stack.items", "[]")), ("stack = Stack()",), "stack.items", []),
        (rows(("len(stack.items)", "0"), head="stack = Stack()\n\n" + HEAD), None, "", None),
        ("Let `box = Stack()`.\n\n" + rows(("box.pop()", "IndexError")), ("box = Stack()",), "box.pop()", "IndexError"),
        (
            rows(("stack = Stack(); stack.push(1)", "stack.pop()", "1"), head="| given | call | result |\n|-|-|-|\n"),
            PUSHED,
            "stack.pop()",
            1,
        ),
        (
            rows(("1", "stack.push(1)", ""), ("2", "stack.pop()", "1"), head="| # | Step | Expected |\n|--|:-|-:|\n"),
            PUSHED,
            "stack.pop()",
            1,
        ),
    ],
)
def test_a_table_of_calls_is_read_however_it_is_written(
    text: str, steps: Sequence[str] | None, call: str, outcome: object
) -> None:
    assert read(f"Write a class Stack.\n\n{text}\n") == ([(steps, call, outcome)] if steps else [])


def test_rows_follow_each_other_on_one_object_and_are_run_so() -> None:
    table = rows(("stack.push(1)", ""), ("stack.pop()", "1"), ("stack.pop()", "IndexError"), ("stack.total()", "0"))
    examples = analyse(f"Write a class Stack.\n\n{table}").examples
    assert [one.raises or one.expected for one in examples] == [1, "IndexError", 0]
    assert run_python(examples) == [1, "IndexError", 0]


def test_with_a_column_for_what_is_given_each_row_stands_alone() -> None:
    head = "| given | call | result |\n|---|---|---|\n"
    table = rows(("s = Stack(); s.push(5)", "s.pop()", "5"), ("s = Stack()", "s.total()", "0"), head=head)
    assert [steps for steps, *_ in read(f"Write a class Stack.\n\n{table}")] == [
        ("s = Stack()", "s.push(5)"),
        ("s = Stack()",),
    ]


@pytest.mark.parametrize(
    "text",
    [
        rows(("queue.push(1)", ""), ("queue.pop()", "1")),  # of another class, as far as anybody can tell
        rows(("push 1", ""), ("stack.pop()", "1")),  # what the first row does is unknown
        rows(("stack.push(1)", "", "x"), ("stack.pop()", "1")),
        rows(("stack.pop()", "the last item")),
        "`stack = Stack()`, then `stack.push(1)`.\n\n" + rows(("stack.total()", "1"), head="| a | b |\n|---|---|\n"),
        "```python\nclass Stack:\n    def __init__(self, size): ...\n```\n\n" + rows(("stack.pop()", "1")),
    ],
)
def test_what_cannot_be_told_is_no_example(text: str) -> None:
    assert read(f"Write a class Stack.\n\n{text}") == []


def test_an_object_that_was_changed_above_the_table_is_not_taken_as_new() -> None:
    text = f"Let `box = Stack()` and call `box.push(1)`.\n\n{rows(('box.total()', '0'))}"
    assert not [one for one in read(f"Write a class Stack.\n\n{text}") if one[2] == 0]


def test_a_class_with_arguments_is_read_where_the_text_makes_it() -> None:
    source = "```python\nclass Ring:\n    def __init__(self, size): ...\n    def add(self, item): ...\n```\n"
    table = rows(("ring.add(1)", "True"), ("ring.add(2)", "False"))
    found = read(f"{source}\nWith `ring = Ring(1)`:\n\n{table}", "ring.py")
    assert found == [
        (("ring = Ring(1)",), "ring.add(1)", True),
        (("ring = Ring(1)", "ring.add(1)"), "ring.add(2)", False),
    ]


@given(st.lists(st.one_of(st.none(), st.integers(-9, 99)), max_size=10))
def test_what_a_table_claims_is_what_its_rows_do(operations: list[int | None]) -> None:
    model: list[int] = []
    written, expected = [], []
    for one in operations:
        if one is not None:
            model.append(one)
            written.append((f"stack.push({one})", ""))
        elif model:
            expected.append(model.pop())
            written.append(("stack.pop()", str(expected[-1])))
    examples = analyse(f"Write a class Stack.\n\n{rows(*written)}", target_path="stack.py").examples
    assert [one.expected for one in examples] == expected
    for one in examples:
        world: dict[str, object] = {}
        exec("\n".join((STACK, *one.steps)), world)  # noqa: S102  statements of this test
        assert eval(one.call, world) == one.expected  # noqa: S307


UNITS = (
    "| stack.push(1) | |\n",
    "| stack.pop() | 1 |\n",
    "\n" + HEAD + "| stack.pop() | 1 |\n",
    "`box = Stack()`\n\n" + HEAD + "| box.pop() | 1 |\n\n",
    "| a=1;b=a;c=b | |\n",
    "| s = Stack(" + "(" * 40 + " | |\n",
    "| " + "stack.push(1);" * 30 + " | 1 |\n",
    "| stack.push('" + "x" * 500 + "') | 1 |\n",
)


def seconds(text: str) -> float:
    return cpu_seconds(lambda: analyse(text, target_path="stack.py"))


def filled(unit: str, length: int) -> str:
    start = f"Write a class Stack.\n\n{HEAD}"
    return start + (unit * (length // len(unit) + 1))[: length - len(start)]


@pytest.mark.parametrize("unit", UNITS)
def test_ten_thousand_characters_of_tables_take_under_300_ms(unit: str) -> None:
    assert min(seconds(filled(unit, 10_000)) for _ in range(3)) < 0.3


@pytest.mark.parametrize("unit", UNITS)
def test_six_times_as_long_a_table_takes_no_more_than_in_proportion(unit: str) -> None:
    short = max(min(seconds(filled(unit, 10_000)) for _ in range(3)), 0.02)
    assert min(seconds(filled(unit, 60_000)) for _ in range(2)) < 12 * short
