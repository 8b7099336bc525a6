"""Near misses are converted where that is all that is missing, and nothing else of the code changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.conversions import Conversion, conversion_for, converted_module
from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcome_from_value

NUMBERS = st.lists(st.integers(-9, 9), max_size=5)


def values(*found: object) -> list[Outcome]:
    return [outcome_from_value(one) for one in found]


def wanted(*expected: object) -> list[Expected]:
    return [Expected(one) for one in expected]


def run(module: str, function: str, *arguments: object) -> object:
    namespace: dict[str, object] = {}
    exec(module, namespace)  # noqa: S102  our own texts
    return namespace[function](*arguments)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("returned", "expected", "conversion"),
    [
        (([1, 2], [3]), ((1, 2), (3,)), Conversion.TUPLE),
        (([1, 2], ()), ((1, 2), ()), Conversion.TUPLE),
        (((1, 2), (3,)), ([1, 2], [3]), Conversion.LIST),
        (([2, 1], [3]), ([1, 2], [3]), Conversion.SORTED),
        (({2, 1}, {3}), ([1, 2], [3]), Conversion.SORTED),
        ((["b", "a"],), (["a", "b"],), Conversion.SORTED),
    ],
)
def test_the_conversion_that_makes_every_example_right_is_found(
    returned: tuple[object, ...], expected: tuple[object, ...], conversion: Conversion
) -> None:
    assert conversion_for(values(*returned), wanted(*expected)) is conversion


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (([1, 2],), ([1, 2],)),
        (([1, 2], [4]), ((1, 2), (3,))),
        (([1, "a"],), ([2, "a"],)),
        (({1},), ((1,),)),
        (("ab",), (("a", "b"),)),
        ((1,), (True,)),
        ((), ()),
    ],
)
def test_what_is_right_or_wrong_otherwise_has_none(returned: tuple[object, ...], expected: tuple[object, ...]) -> None:
    assert conversion_for(values(*returned), wanted(*expected)) is None


@pytest.mark.parametrize("kind", [OutcomeKind.ERROR, OutcomeKind.TIMEOUT, OutcomeKind.NOT_RUN])
def test_a_program_that_returned_nothing_on_an_example_has_none(kind: OutcomeKind) -> None:
    assert conversion_for([*values([1]), Outcome(kind)], wanted((1,), (2,))) is None
    assert conversion_for(values([1]), [Expected(raises="ValueError")]) is None


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4))
def test_a_conversion_is_only_found_where_something_was_missing_and_nothing_is_afterwards(
    pairs: list[tuple[list[int], list[int]]],
) -> None:
    returned, expected = [one for one, _ in pairs], [tuple(sorted(other)) for _, other in pairs]
    found = conversion_for(values(*returned), wanted(*expected))
    assert (found is Conversion.TUPLE) == (bool(pairs) and [tuple(one) for one in returned] == expected)


SOURCE = '''def near(names, first):
    """Prüfe é."""
    def inner(x):
        return [x]
    key = lambda x: [x]
    if first not in names:
        return ()
    if not names: return None
    if first == "b":
        return [
            inner(one)[0]  # ü
            for one in names
        ]
    return names[1:] if key else []


def other(names):
    return names
'''


def test_only_what_the_function_itself_returns_is_converted() -> None:
    module = converted_module(SOURCE, "near", Conversion.TUPLE)
    assert run(module, "near", ["a", "b"], "a") == ("b",)
    assert run(module, "near", ["a", "b"], "b") == ("a", "b")
    assert run(module, "near", ["a"], "x") == ()
    assert run(module, "other", ["a"]) == ["a"]
    assert "return [x]" in module and "return None" in module and '"""Prüfe é."""' in module
    changed = [(one, two) for one, two in zip(SOURCE.split("\n"), module.split("\n"), strict=True) if one != two]
    assert all("tuple(" in two or two.endswith("])") for _, two in changed) and len(changed) == 4


def test_a_tuple_without_brackets_is_converted_as_one() -> None:
    assert run(converted_module("def f(a):\n    return a, 2\n", "f", Conversion.LIST), "f", 1) == [1, 2]
    assert run(converted_module("def f(a):\n    return (a, 1)\n", "f", Conversion.SORTED), "f", 2) == [1, 2]


@given(values_=NUMBERS, spaces=st.sampled_from(["", " ", "\n    "]), end=st.sampled_from(["\n", "\r\n"]))
def test_the_converted_function_returns_what_the_conversion_makes_of_its_value(
    values_: list[int], spaces: str, end: str
) -> None:
    source = f"def f(xs):{end}    return ({spaces}xs + [len(xs)])  # é{end}"
    for conversion, function in ((Conversion.TUPLE, tuple), (Conversion.SORTED, sorted)):
        assert run(converted_module(source, "f", conversion), "f", values_) == function([*values_, len(values_)])


@pytest.mark.parametrize(
    "source",
    [
        "def g(x):\n    return [x]\n",
        "def f(x):\n    yield [x]\n    return [x]\n",
        "async def f(x):\n    return [x]\n",
        "def f(x):\n    print(x)\n",
        "def f(x):\n    return None\n",
        "def f(x):\n    return [x]\ndef f(x):\n    return [x]\n",
        "f = lambda x: [x]\n",
        "class f:\n    def f(x):\n        return [x]\n",
    ],
)
def test_a_function_that_is_not_plainly_there_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"one plain function f|returns no values"):
        converted_module(source, "f", Conversion.TUPLE)


@pytest.mark.parametrize("source", ["def f(x:\n", "\x00"])
def test_what_does_not_parse_is_an_error(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        converted_module(source, "f", Conversion.TUPLE)
