"""Tests written for people, and tests read for their calls."""

from __future__ import annotations

import ast

import pytest

from apps.generation.engine.consensus import InputOrigin
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.specification import analyse
from apps.generation.engine.testgen import calls_from_tests, example_inputs
from apps.generation.engine.testgen import tests_from_specification as written_tests

CLAMP = (
    "Write `clamp(value: float, low: int, high: int) -> float`.\n\n- Raises ValueError when low is above high.\n"
    "- Returns low when value is below it.\n\n"
    "clamp(5, 0, 3) == 3. clamp(2.5, 0, 3) == 2.5. clamp(1, 3, 0) raises ValueError."
)
COUNTER = (
    "Class `Counter`.\n\n>>> c = Counter()\n>>> c.add(2)\n>>> c.total()\n2\n>>> c.add(-1)\n"
    "Traceback (most recent call last):\nValueError: negative\n"
)


def run(module: str, namespace: dict[str, object]) -> int:
    """Run a written module on this test's own implementation and return how many tests it has."""
    tree = ast.parse(module)
    tree.body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and n.module == "demo.solution")]
    exec(compile(tree, "written", "exec"), namespace)  # noqa: S102
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    for test in tests:
        assert callable(test)
        test()
    return len(tests)


def clamp(value, low, high):
    if low > high:
        raise ValueError
    return max(low, min(high, value))


class Counter:
    def __init__(self):
        self.n = 0

    def add(self, n):
        if n < 0:
            raise ValueError
        self.n += n

    def total(self):
        return self.n


def test_one_test_is_written_for_each_example_and_passes_on_right_code():
    module = written_tests(analyse(CLAMP), "demo.solution")
    assert "from demo.solution import clamp" in module
    assert "R1: clamp(1, 3, 0) raises ValueError." in module
    assert run(module, {"clamp": clamp}) == 3


def test_a_written_test_fails_on_wrong_code():
    module = written_tests(analyse(CLAMP), "demo.solution")
    with pytest.raises(AssertionError):
        run(module, {"clamp": lambda value, low, high: value})


def test_sessions_become_tests_with_their_steps():
    module = written_tests(analyse(COUNTER), "demo.solution")
    assert run(module, {"Counter": Counter}) == 2


@pytest.mark.parametrize(
    "literal", ["float('inf')", "{1.5, 2}", "{'a': (1,)}", "'quote \\' \" done'", "[]", "None", "set()"]
)
def test_any_literal_is_written_so_that_it_can_be_read(literal):
    module = written_tests(analyse(f"Write `f(n: int)`. f(1) == {literal}"), "demo.solution")
    expected = analyse(f"Write `f(n: int)`. f(1) == {literal}").examples[0].expected
    assert run(module, {"f": lambda n: expected}) == 1


def test_without_examples_nothing_is_written():
    assert written_tests(analyse("Write `f(n: int) -> int`."), "m") == ""


def test_examples_are_inputs_with_their_expectations():
    inputs = example_inputs(analyse(CLAMP))
    assert [i.origin for i in inputs] == [InputOrigin.EXAMPLE] * 3
    assert inputs[2].expected == Expected(raises="ValueError")


GENERATED = """
import pytest
from solution import f, Box

def test_simple():
    assert f(1) == 2
    assert f([1, 2], key="x") is None
    assert 3 == f(4)
    assert f(y) == 5

def test_truth():
    assert f("a")
    assert not f("b")

def test_refusal():
    with pytest.raises(ValueError):
        f(-1)

@pytest.mark.parametrize("n, expected", [(10, 11), (20, 21)])
def test_rows(n, expected):
    assert f(n) == expected

class TestBox:
    def test_state(self):
        box = Box()
        box.put(3)
        assert box.get() == 3
        self.assertEqual(f(7), 8)
"""


def test_calls_with_literal_arguments_are_read():
    calls = calls_from_tests(GENERATED, "f")
    found = {i.call.text("f"): (i.expected.value, i.expected.raises) for i in calls if i.expected}
    assert found["f(1)"] == (2, None)
    assert found["f([1, 2], key='x')"] == (None, None)
    assert found["f(4)"] == (3, None)
    assert found["f(-1)"] == (None, "ValueError")
    assert found["f(10)"] == (11, None)
    assert found["f(7)"] == (8, None)
    assert all(i.origin is InputOrigin.GENERATED_TEST for i in calls)
    assert "f(y)" not in found


def test_the_state_of_an_object_is_read_as_a_session():
    (found,) = calls_from_tests(GENERATED, "Box")
    assert found.call.steps == ("box = Box()", "box.put(3)")
    assert found.call.expression == "box.get()"


def test_of_contradicting_expectations_the_more_frequent_wins():
    (found,) = calls_from_tests("assert f(1) == 1\nassert f(1) == 2\nassert f(1) == 2")
    assert found.expected == Expected(2)


def test_what_does_not_parse_has_no_calls():
    assert calls_from_tests("def test_(:") == ()
    assert calls_from_tests("") == ()
