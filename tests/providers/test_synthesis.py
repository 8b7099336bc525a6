"""Programming by example: small programs, honest about how little a few examples say."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.providers.engine.synthesis import SynthesisResult, synthesise
from apps.providers.engine.synthesis.components import MAX_LENGTH, MAX_NUMBER, OPERATIONS, Operation, accepts


@dataclass(frozen=True)
class Example:
    args: tuple[object, ...]
    expected: object
    kwargs: dict[str, object] = field(default_factory=dict)
    raises: str | None = None


LARGEST: dict[str, list[object]] = {
    "int": [MAX_NUMBER, -MAX_NUMBER, MAX_LENGTH, -1],
    "float": [float(MAX_NUMBER), -0.5],
    "bool": [True],
    "str": ["%999999999d", "x" * MAX_LENGTH, "-"],
    "list": [["ab" * 200] * MAX_LENGTH, [[7] * MAX_LENGTH] * MAX_LENGTH, [MAX_NUMBER] * MAX_LENGTH, ["%999999999d"]],
    "tuple": [(MAX_NUMBER,) * MAX_LENGTH],
    "set": [frozenset(range(MAX_LENGTH))],
    "dict": [{str(n): [n] * MAX_LENGTH for n in range(MAX_LENGTH)}],
}


def weight(value: object) -> int:
    """How many values a value holds, characters of a text included; what is shared counts once."""
    if isinstance(value, dict):
        return len(value) + sum(weight(item) for item in {id(v): v for v in value.values()}.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return len(value) + sum(weight(item) for item in {id(v): v for v in value}.values())
    return len(value) if isinstance(value, str) else value.bit_length() // 64 + 1 if isinstance(value, int) else 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.template)
def test_no_operation_makes_of_values_that_a_search_may_hold_one_that_fills_the_memory(operation: Operation) -> None:
    pools = [
        [value for tag, values in LARGEST.items() if accepts(wanted, tag) for value in values]
        for wanted in operation.takes
    ]
    for arguments in product(*pools):
        try:
            made = operation.apply(*arguments)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            continue
        assert weight(made) < 1_000_000


def test_a_list_is_not_repeated_as_often_as_its_product_says() -> None:
    found = find("x", Example(([15, 33, 1422, 1],), [1, 15, 33]), Example(([152, 323, 1422, 10],), []), steps=400)
    assert found is None


class Steps:
    """A deadline counted in questions rather than seconds, so that tests do not depend on the machine."""

    def __init__(self, allowed: int = 4_000) -> None:
        self.left = allowed

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def find(names: str, *examples: Example, size: int = 7, steps: int = 4_000) -> SynthesisResult | None:
    return synthesise(examples, entry="f", parameter_names=names.split(), max_size=size, deadline=Steps(steps))


def run(result: SynthesisResult | None, *args: object) -> object:
    """Programs are composed of trusted operations only, so a test may run them."""
    assert result is not None
    namespace: dict[str, object] = {}
    exec(result.program, namespace)  # noqa: S102
    function = namespace["f"]
    assert callable(function)
    return function(*args)


TASKS = {
    "successor": ("n", [((1,), 2), ((5,), 6), ((-3,), -2)], ((10,), 11)),
    "even numbers": ("xs", [(([1, 2, 3, 4],), [2, 4]), (([],), []), (([6, 7],), [6])], (([8, 9],), [8])),
    "sum of squares": ("xs", [(([1, 2, 3],), 14), (([],), 0), (([4],), 16)], (([2, 2],), 8)),
    "words reversed": ("s", [(("a b c",), "c b a"), (("hi you",), "you hi"), (("x",), "x")], (("p q",), "q p")),
    "clamp": ("v lo hi", [((5, 0, 3), 3), ((-1, 0, 3), 0), ((2, 0, 3), 2), ((7, 2, 9), 7)], ((1, 4, 6), 4)),
    "no duplicates": ("xs", [(([3, 1, 3, 2, 1],), [3, 1, 2]), (([],), []), (([1, 1],), [1])], (([2, 2, 5],), [2, 5])),
    "greater than": ("xs k", [(([1, 5, 9], 4), [5, 9]), (([2], 3), []), (([7, 1], 1), [7])], (([4, 6], 5), [6])),
    "mean": ("xs", [(([1, 2, 3],), 2.0), (([4],), 4.0), (([1, 2],), 1.5)], (([3, 5],), 4.0)),
    "counts": ("s", [(("aab",), {"a": 2, "b": 1}), (("",), {}), (("c",), {"c": 1})], (("zz",), {"z": 2})),
}


@pytest.mark.parametrize("task", TASKS, ids=TASKS)
def test_a_program_is_found_that_is_right_on_what_it_has_not_seen(task):
    names, shown, (unseen, expected) = TASKS[task]
    result = find(names, *(Example(args, value) for args, value in shown))
    for args, value in shown:
        assert run(result, *args) == value
    assert run(result, *unseen) == expected


def test_the_program_is_a_readable_function():
    result = find("n", Example((1,), 2), Example((5,), 6), Example((7,), 8))
    assert result is not None
    assert result.program == ("def f(n):\n    return n + 1\n")
    assert result.size == 3


def test_what_a_program_needs_is_imported():
    result = find("s", Example(("aab",), {"a": 2, "b": 1}), Example(("",), {}))
    assert result is not None
    assert result.program.startswith("from collections import Counter\n\n\ndef f(s):")


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([((2,), 4)], "same size fit them too, and larger ones without number."),
        ([((3, 1), 3), ((5, 2), 5), ((9, 4), 9)], "It does not use b."),
    ],
)
def test_how_many_other_programs_the_examples_allow_is_counted(examples, words):
    names = ["a", "b"][: len(examples[0][0])]
    found = synthesise(
        [Example(args, expected) for args, expected in examples], parameter_names=names, deadline=Steps()
    )
    assert words in found.evidence


def test_counting_ends_with_the_deadline_and_says_that_it_is_a_lower_bound():
    examples = [Example((2, 3), 5), Example((1, 1), 2)]
    found = synthesise(examples, parameter_names=["a", "b"], deadline=Steps(0))
    assert found is not None
    assert "At least" in found.evidence or "of those tried" in found.evidence


def test_few_examples_are_called_weak_evidence():
    one = find("n", Example((2,), 3))
    assert one is not None
    assert one.evidence.startswith("Weak evidence: only one example to go by")
    same = find("n", *[Example((2,), 3)] * 5)
    assert same is not None
    assert same.evidence.startswith("Weak evidence: only one example")
    three = find("n", Example((1,), 2), Example((5,), 6), Example((7,), 8))
    assert three is not None
    assert "all 3 different examples" in three.evidence


def test_a_constant_is_not_a_program():
    result = find("n", Example((1,), 5), Example((2,), 5))
    assert result is None or "n" in ast.unparse(ast.parse(result.program).body[0].body[-1])


def test_an_unused_parameter_is_mentioned():
    result = find("a b", Example((1, 9), 2), Example((5, 9), 6), Example((7, 3), 8), size=3)
    assert result is not None
    assert "It does not use b." in result.evidence


def test_keyword_arguments_stand_for_their_parameters():
    result = find("a b", Example((1,), 3, {"b": 2}), Example((4,), 9, {"b": 5}), Example((7,), 7, {"b": 0}))
    assert run(result, 2, 2) == 4


def test_examples_that_expect_exceptions_or_do_not_fit_give_nothing():
    assert find("n", Example((1,), None, raises="ValueError")) is None
    assert find("n", Example((1, 2), 3)) is None
    assert find("n") is None
    assert find("", Example((), 3)) is None


def test_examples_too_large_to_search_give_nothing():
    assert find("n", Example(("x" * 100_000,), 1)) is None


def test_it_stops_when_time_is_up():
    steps = Steps(3)
    impossible = [Example((n,), (n * 7919) % 104_729) for n in range(2, 9)]
    assert synthesise(impossible, parameter_names=["n"], deadline=steps) is None
    assert steps.left >= -1


@pytest.mark.parametrize("name", ["class", "a b", "x); import os", ""])
def test_names_that_are_no_identifiers_are_refused(name):
    with pytest.raises(ValueError):
        synthesise([Example((1,), 1)], entry=name, parameter_names=["n"], deadline=Steps())
    with pytest.raises(ValueError):
        synthesise([Example((1,), 1)], parameter_names=[name], deadline=Steps())


def test_examples_are_only_read():
    items = [3, 1, 2]
    find("xs", Example((items,), [1, 2, 3]), Example(([5, 4],), [4, 5]))
    assert items == [3, 1, 2]


arguments = st.one_of(st.integers(-5, 5), st.text("ab ", max_size=4), st.lists(st.integers(-3, 3), max_size=4))


@given(st.lists(st.tuples(arguments, arguments), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_whatever_is_found_satisfies_every_example_and_is_found_again(pairs):
    examples = [Example((value,), expected) for value, expected in pairs]
    result = find("x", *examples, size=4, steps=60)
    assert result == find("x", *examples, size=4, steps=60)
    if result is not None:
        for value, expected in pairs:
            assert run(result, value) == expected
