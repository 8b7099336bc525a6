"""Examples of recorded problems that are more than a call and a literal."""

from __future__ import annotations

from typing import Any

import pytest

from apps.generation.engine.consensus import InputOrigin
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.replay.asserted import calls_shown, plain_input, session_input


def line(text: str) -> dict[str, Any]:
    return {"call": None, "expected": None, "assert_line": text}


@pytest.mark.parametrize(
    ("item", "steps", "expression", "expected"),
    [
        (line("assert isclose(area(2), 12.57)"), ("from math import isclose",), "bool(isclose(area(2), 12.57))", True),
        (
            line("import math\nassert math.ceil(area(2)) == 13"),
            ("import math",),
            "bool(math.ceil(area(2)) == 13)",
            True,
        ),
        (line("assert math.isclose(area(2), 4)"), ("import math",), "bool(math.isclose(area(2), 4))", True),
        (line("x = [2]\nassert set(area(x)) == set([4])"), ("x = [2]",), "bool(set(area(x)) == set([4]))", True),
        ({"call": "area(3)[0]", "expected": "9"}, (), "area(3)[0]", 9),
        ({"call": "area(10 ** 3)", "expected": "1"}, (), "area(10 ** 3)", 1),
        (
            {"call": "area('aa')", "expected": "Counter({'a': 2})"},
            ("from collections import Counter",),
            "bool((area('aa')) == (Counter({'a': 2})))",
            True,
        ),
        (line("assert all(area(i) for i in range(3))"), (), "bool(all((area(i) for i in range(3))))", True),
    ],
)
def test_an_assertion_becomes_a_session(
    item: dict[str, Any], steps: tuple[str, ...], expression: str, expected: object
) -> None:
    assert plain_input(item, "area", InputOrigin.EXAMPLE) is None
    found = session_input(item, "area")
    assert found is not None
    assert found.call == CallInput(steps=steps, expression=expression)
    assert found.expected == Expected(expected)


def test_what_must_be_raised_is_read() -> None:
    found = session_input(line("with pytest.raises(ValueError):\n    area(-1)"), "area")
    assert found is not None
    assert (found.call.expression, found.expected) == ("area(-1)", Expected(raises="ValueError"))


@pytest.mark.parametrize(
    "item",
    [
        {},
        line(""),
        line("assert"),
        line("area(2)"),
        line("assert other(2) == 4"),
        line("assert area(given) == result"),
        line("assert area(___, ___) == 1"),
        line("with open('x') as file:\n    area(file)"),
        {"call": "area(given)", "expected": "4"},
        {"call": "area(" * 500, "expected": "4"},
        {"call": "area('\0')", "expected": "numpy.zeros(3)"},
    ],
)
def test_what_nobody_can_run_is_no_example(item: dict[str, Any]) -> None:
    assert session_input(item, "area") is None


def test_calls_inside_an_assertion_show_arguments() -> None:
    found = session_input(line("assert math.isclose(area(2, unit='m') + area(x := 3), 4)"), "area")
    assert found is not None
    assert calls_shown(found, "area") == [CallInput((2,), {"unit": "m"})]
    plain = plain_input({"call": "area(2)", "expected": "4"}, "area", InputOrigin.EXAMPLE)
    assert plain is not None
    assert calls_shown(plain, "area") == [CallInput((2,))]
