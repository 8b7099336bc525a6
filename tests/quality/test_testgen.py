"""Tests written from annotations: what they say, what they leave out, that they are Python."""

from __future__ import annotations

import ast
import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.checks.types import Unparsable
from apps.quality.engine.testgen import generate_tests


def written(source: str, module: str = "subject") -> str:
    text = generate_tests(source, module).source
    compile(text, "test_subject.py", "exec")
    return text


def test_a_function_is_asked_not_to_crash_and_to_give_what_it_says() -> None:
    text = written("def half(number: int) -> float:\n    return number / 2\n", "shop.numbers")
    assert "from shop.numbers import half" in text
    assert (
        "@given(number=st.integers(min_value=-10_000, max_value=10_000))\ndef test_half_never_crashes(number):" in text
    )
    assert "assert isinstance(result, (float, int))" in text
    assert "def test_half_gives_the_same_answer_twice(number):" in text


def test_errors_raised_on_purpose_are_refusals_also_when_a_called_function_raises_them() -> None:
    text = written(
        "class Empty(Exception): pass\n"
        "def check(items: list[int]) -> None:\n    if not items: raise Empty('none')\n"
        "def mean(items: list[int]) -> float:\n    check(items)\n    return sum(items) / len(items)\n"
    )
    mean = text[text.index("def test_mean_never_crashes") :]
    assert "    except Empty:\n        return  # refused on purpose" in mean
    assert "Empty" in text[: text.index("@given")]


@pytest.mark.parametrize(
    ("source", "law"),
    [
        ("def normalise_name(text: str) -> str:\n    return text.strip()\n", "idempotent"),
        ("def hamming_distance(a: str, b: str) -> int:\n    return 0\n", "symmetric"),
        (
            "def encode(text: str) -> bytes:\n    return b''\ndef decode(data: bytes) -> str:\n    return ''\n",
            "inverse",
        ),
    ],
)
def test_name_and_types_suggest_a_law(source: str, law: str) -> None:
    assert law in generate_tests(source, "subject").laws
    compile(written(source), "test_subject.py", "exec")


@pytest.mark.parametrize(
    "source",
    [
        "def normalise_name(text: str) -> list[str]:\n    return [text]\n",
        "def distance(a: str, b: int) -> int:\n    return b\n",
        "def encode(text: str) -> bytes:\n    return b''\ndef decode(data: str) -> bytes:\n    return b''\n",
    ],
)
def test_a_name_without_fitting_types_suggests_nothing(source: str) -> None:
    assert set(generate_tests(source, "subject").laws) <= {"safe", "deterministic"}


def test_what_depends_on_chance_or_time_is_not_asked_twice() -> None:
    source = "import random\ndef pick(items: list[int]) -> int:\n    return random.choice(items)\n"
    assert generate_tests(source, "subject").laws == ("safe",)


def test_a_method_is_called_on_an_object_made_with_drawn_arguments() -> None:
    text = written(
        "class Account:\n"
        "    def __init__(self, amount: int) -> None:\n        self.amount = amount\n"
        "    def deposit(self, amount: int) -> int:\n        return self.amount + amount\n"
        "    @property\n    def rest(self) -> int:\n        return self.amount\n"
        "    @staticmethod\n    def zero() -> int:\n        return 0\n"
    )
    assert "result = Account(own_amount).deposit(amount)" in text
    assert "result = Account(amount).rest\n" in text
    assert "result = Account.zero()" in text


def test_what_cannot_be_tested_is_listed_with_its_reason() -> None:
    source = (
        "from typing import Callable\n"
        "def bare(x): return x\n"
        "def called(f: Callable[[int], int]) -> int: return f(1)\n"
        "async def later(x: int) -> int: return x\n"
        "def _private(x: int) -> int: return x\n"
    )
    found = generate_tests(source, "subject")
    assert found.source == ""
    assert {item.name: item.reason for item in found.skipped} == {
        "bare": "Its parameter x has no annotation.",
        "called": "Its parameter f has a type whose values cannot be drawn.",
        "later": "It is asynchronous.",
    }


def test_parameters_without_a_strategy_but_with_a_default_are_left_to_it() -> None:
    text = written(
        "def f(a: int, hook: object = None, log: Logger = None, *, b: int = 1, c=2.0) -> int:\n    return a\n"
    )
    assert "f(a, hook, b=b, c=c)" in text
    assert "log" not in text


def test_a_parameter_called_like_its_function_hides_nothing() -> None:
    assert "price as price_" in written("def price(price: int) -> int:\n    return price\n")


def test_parameters_that_say_how_much_work_to_do_stay_small() -> None:
    assert "n=st.integers(min_value=-3, max_value=20)" in written("def fib(n: int) -> int:\n    return n\n")


def test_types_of_the_module_itself_are_built() -> None:
    text = written(
        "from dataclasses import dataclass\nfrom enum import Enum\n"
        "class Colour(Enum):\n    RED = 1\n"
        "@dataclass\nclass Point:\n    x: int\n"
        "Points = list[Point]\n"
        "def paint(points: Points, colour: 'Colour | None') -> int:\n    return 1\n"
    )
    assert "points=st.lists(st.from_type(Point), max_size=20)" in text
    assert "colour=st.from_type(Colour) | st.none()" in text


def test_text_that_is_not_python_is_refused() -> None:
    with pytest.raises(Unparsable):
        generate_tests("def half(:\n", "subject")


def test_the_same_text_gives_the_same_tests_and_another_text_others() -> None:
    first, second = "def a(x: int) -> int:\n    return x\n", "def b(x: str) -> str:\n    return x\n"
    assert written(first) == written(first) != written(second)


identifiers = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
annotations = st.recursive(
    st.sampled_from(
        ["int", "str", "float", "bool", "bytes", "None", "Any", "object", "Unknown", "'int'", "list", "dict"]
    ),
    lambda inner: st.one_of(
        inner.map("list[{}]".format),
        inner.map("Optional[{}]".format),
        st.tuples(inner, inner).map(lambda pair: f"dict[{pair[0]}, {pair[1]}]"),
        st.tuples(inner, inner).map(lambda pair: f"tuple[{pair[0]}, {pair[1]}]"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} | {pair[1]}"),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(
    name=identifiers,
    parameters=st.lists(st.tuples(identifiers, annotations, st.booleans()), max_size=4, unique_by=lambda item: item[0]),
    returns=annotations,
)
def test_whatever_the_signature_the_tests_are_python_and_say_each_thing_once(
    name: str, parameters: list[tuple[str, str, bool]], returns: str
) -> None:
    signature = ", ".join(f"{p}: {annotation}" for p, annotation, _ in parameters)
    text = generate_tests(f"def {name}({signature}) -> {returns}:\n    raise ValueError\n", "subject").source
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names))
