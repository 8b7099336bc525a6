"""Signatures as people write them outside of code, and what examples add to them."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import analyse
from tests.cpu import costs_less


def _source(text: str) -> str | None:
    found = analyse(text).entry_signature
    return found.source if found is not None else None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Implement add_tax(net: float, rate: float) -> float, which adds tax.\nadd_tax(1.0, 0.2) == 1.2",
         "def add_tax(net: float, rate: float) -> float"),
        ("Write f(xs: list[int], n: int = 2) -> list[int].\nf([1, 2]) → [1]\nf(xs=[1], n=0) → []",
         "def f(xs: list[int], n: int=2) -> list[int]"),
        ("Create to_roman(number: integer): string. to_roman(9) = 'IX'", "def to_roman(number: int) -> str"),
        ("Signature: mean(xs: Iterable[float]) -> float", "def mean(xs: Iterable[float]) -> float"),
        ("Write parse(text: str) -> dict[str, list[int]] | None that parses.",
         "def parse(text: str) -> dict[str, list[int]] | None"),
        ("Implement merge(a: list[int]) -> a sorted copy of it.", "def merge(a: list[int])"),
        ("find(key: string, names: string[]) -> string or None", "def find(key: str, names: list[str]) -> str | None"),
        ("scale(v: list[float], by: float = 2.0, *, clip: bool = False) -> list[float]",
         "def scale(v: list[float], by: float=2.0, *, clip: bool=False) -> list[float]"),
        ("async def fetch(url: str) -> bytes that fetches", "def fetch(url: str) -> bytes"),
        ("```python\ndef first[T](xs: Sequence[T], default: T | None = None, /) -> T | None: ...\n```\nfirst([7]) -> 7",
         "def first(xs: Sequence[object], default: object | None=None, /) -> object | None"),
        ("```python\ndef top[N: int](xs: list[N]) -> N: ...\n```", "def top(xs: list[int]) -> int"),
    ],
)  # fmt: skip
def test_a_signature_in_a_sentence_is_read_with_its_names_and_types(text: str, source: str) -> None:
    assert _source(text) == source


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Write a function add(a, b) that adds two numbers.\nadd(1, 2) == 3", "def add(a: int, b: int) -> int"),
        ("Name the function two_sum(nums, target).\n\nInput: nums = [2, 7], target = 9\nOutput: [0, 1]",
         "def two_sum(nums: list[int], target: int) -> list[int]"),
        ("The function total(items, rate=0.2) adds tax. total([1.0], 0.5) == 1.5",
         "def total(items: list[float], rate: float = 0.2) -> float"),
        ("Write add(a, b).", "def add(a, b)"),
        ("Write total(*amounts, start=0).", "def total(*amounts, start=0)"),
        ("Write a function clamp, called as clamp(value, low). clamp(5, 3) == 3",
         "def clamp(value: int, low: int) -> int"),
    ],
)  # fmt: skip
def test_names_alone_declare_after_a_word_that_says_so_and_examples_give_the_types(text: str, source: str) -> None:
    assert _source(text) == source


@pytest.mark.parametrize(
    "text", ["Rename the file(s) and write word(s).", "Call helper(x) first.", "f(x=1, y=2) -> 4", "See figure(a, b)."]
)
def test_a_call_in_a_sentence_declares_nothing(text: str) -> None:
    assert not [one for one in analyse(text).functions if one.name != "f"]
    assert _source(text) in (None, "def f(x: int, y: int) -> int")


def test_types_come_from_what_returns_and_never_from_what_raises() -> None:
    assert _source("The function `initials`. Calling initials(None) must raise a TypeError.") == "def initials(value)"
    text = "flatten([1, [2]]) -> [1, 2]\nflatten('ab') -> TypeError\nflatten([]) -> []\n"
    assert _source(text) == "def flatten(value: list[int | list[int]]) -> list[int]"


def test_a_keyword_of_an_example_names_the_parameter_in_its_place() -> None:
    text = "f([1, 2]) == [1]\nf([1, 2], n=1) == [1]\nf(xs=[1], n=0) == []\n"
    assert _source(text) == "def f(xs: list[int], n: int = None) -> list[int]"
    assert _source("g(1, 2) == 3\ng(1, b=2) == 3\n") == "def g(value: int, b: int) -> int"
    assert _source("h(1, x=2) == 3\nh(1, 4, x=2) == 3\n") == "def h(value: int, other: int = None, *, x: int) -> int"


def test_methods_in_a_sentence_belong_to_the_class() -> None:
    spec = analyse("Write a class Stack with push(v: int) -> None and pop() -> int.\n>>> s = Stack()\n>>> s.pop()\n4")
    assert [(one.name, [m.source for m in one.methods]) for one in spec.classes] == [
        ("Stack", ["def push(v: int) -> None", "def pop() -> int"])
    ]


@pytest.mark.parametrize(
    "unit", ["f(a: int) -> ", "f(a, ", "write f(a) ", "write f(s) ", "f(a: list[", "a -> b | ", "def f[T](a) -> T\n"]
)
def test_any_number_of_signatures_is_read_in_bounded_time(unit: str) -> None:
    text = unit * (10_000 // len(unit))
    assert costs_less(lambda: analyse(text), 0.3)


@pytest.mark.parametrize(
    "text",
    [
        "Write rle(s).",
        "Write rle(s)",
        "Write a function rle(s) that shortens s.",
        "Implement rle(s):\n\nRuns.",
    ],
)
def test_a_parameter_called_s_is_one(text: str) -> None:
    assert _source(text) == "def rle(s)"


@pytest.mark.parametrize(
    "text",
    [
        "Join the string(s).",
        "Write test(s).",
        "Write unit_test(s).",
        "Write parser(s) for both.",
        "See the box(es).",
    ],
)
def test_one_or_more_of_something_is_no_call(text: str) -> None:
    assert _source(text) is None
