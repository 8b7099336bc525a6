"""Examples that people tell in words, steps, listings and tables, none of which writes ``f(2) == 3``."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import analyse
from tests.cpu import costs_less

SCENARIO = "Write `less(n: int) -> int`.\n\nScenario: large order\n"
DEDUPE = "Write `dedupe(xs: list[int]) -> list[int]`. "


def read(text: str) -> list[tuple[str, object, str | None]]:
    return [(one.call, one.expected, one.raises) for one in analyse(text).examples]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SCENARIO + "  Given an order\n  When less(200) is called\n  Then the result is 180\n", [("less(200)", 180)]),
        (SCENARIO + "  Given n is 200\n  When less is called\n  Then it returns 180\n", [("less(200)", 180)]),
        ("Write `f(s: str) -> int`. If I pass 'a b' I expect 2.", [("f('a b')", 2)]),
        ("Write f(s: str) -> int. For 'abe' it is 2, whereas for 'xyz' it is 0.", [("f('abe')", 2), ("f('xyz')", 0)]),
        (DEDUPE + "Input `[1, 1, 2]`, output `[1, 2]`.", [("dedupe([1, 1, 2])", [1, 2])]),
        (DEDUPE + "`[]` stays `[]`. `[1, 1]` becomes `[1]`.", [("dedupe([])", []), ("dedupe([1, 1])", [1])]),
        (DEDUPE + "An empty list results in [].", [("dedupe([])", [])]),
        ("Write f(s: str) -> int. For an empty string it returns 0.", [("f('')", 0)]),
        ("Write f(s: str) -> None. If it is an empty string, return None. An empty list gives 1.", [("f('')", None)]),
        ("Write f(n). n must be at most 9.\n\nf(3)\n# [1,\n#  2]\n", [("f(3)", [1, 2])]),
        ('def add(a, b):\n    """Add.\n\n    Example:\n        add(1, 2)\n        3\n    """\n', [("add(1, 2)", 3)]),
        ("Write f(n: int) -> int.\n\nf(1)\nf(2)\n\n7 is a number.\n", []),
    ],
)  # fmt: skip
def test_what_is_told_is_an_example(text: str, found: list[tuple[str, object]]) -> None:
    assert read(text) == [(call, expected, None) for call, expected in found]


def test_a_table_needs_no_pipes_around_it() -> None:
    text = "Write `f(kg: float, m: float) -> str`.\n\nkg | m | result\n--- | --- | ---\n70 | 1.75 | normal\n"
    spec = analyse(text)
    assert [(one.args, one.expected) for one in spec.examples] == [((70, 1.75), "normal")]
    assert spec.criteria == ()
    assert analyse("Write `f(a: int | str, b: int | None) -> int`. It returns a | b | 1.").examples == ()


def test_a_class_of_typescript_may_take_a_type() -> None:
    session = "const q = new Queue<number>();\nq.add(1);\nq.take(); // 1\n"
    text = f"Write a TypeScript class `Queue<T>`.\n\n```ts\n{session}```\n"
    (one,) = analyse(text).examples
    assert (one.call, one.expected, one.steps) == ("q.take()", 1, ("const q = new Queue()", "q.add(1)"))


@pytest.mark.parametrize(
    "unit", ["f(1)\n", "f(1)\n# [1,\n", "`[]` stays ", "an empty list is ", "a | b | c\n", "given 1 when\n"]
)
def test_any_number_of_them_is_read_in_time(unit: str) -> None:
    text = DEDUPE + unit * (10_000 // len(unit))
    assert costs_less(lambda: analyse(text), 0.3)
