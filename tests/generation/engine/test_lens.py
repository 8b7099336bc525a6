"""Which code belongs to a requirement, by the names that its examples call and its words name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.lens import Part, part_of, signs_of
from apps.generation.engine.specification import SpecExample

MODULE = '''import functools


@functools.cache
def half(n: int) -> int:
    return n // 2


class Basket:
    """Things to buy."""

    size = 3

    def __init__(self) -> None:
        self.items = []

    def add(self, item: str) -> None:
        self.items.append(item)

    def total(self) -> int:
        return len(self.items)


def other() -> None: ...
'''


def test_a_plain_word_names_no_function_but_code_does() -> None:
    signs = signs_of("It returns half of `add` and total(); see tax_rate, parseAll, _raw and R2.", [])
    assert signs.called == frozenset()
    assert signs.named == {"add", "total", "tax_rate", "parseAll", "_raw"}


def test_what_examples_call_is_read_from_calls_and_sessions() -> None:
    plain = SpecExample(call="half(4)", function="half", args=(4,), expected=2)
    session = SpecExample(call="basket.total()", function="Basket", steps=("basket = Basket()", "basket.add('a')"))
    assert signs_of("", [plain, session]).names == {"half", "Basket", "add", "total"}


def test_a_function_is_shown_with_its_decorators() -> None:
    assert part_of(MODULE, frozenset({"half"})) == Part(("half",), frozenset({4, 5, 6}))


def test_of_a_class_the_methods_in_question_are_shown_below_its_first_line() -> None:
    part = part_of(MODULE, frozenset({"Basket", "total"}))
    assert part.names == ("Basket.__init__", "Basket.total")
    assert part.lines == {9, 14, 15, 20, 21}
    assert part_of(MODULE, frozenset({"add"})).names == ("Basket.add",)


def test_a_class_without_a_method_in_question_is_shown_whole() -> None:
    assert part_of(MODULE, frozenset({"Basket"})) == Part(("Basket",), frozenset(range(9, 22)))


@given(st.text(max_size=300), st.frozensets(st.text(max_size=8), max_size=4))
def test_no_text_is_too_strange(text: str, names: frozenset[str]) -> None:
    part = part_of(text, names)
    assert bool(part.names) == bool(part.lines)
    assert all(name in text for name in signs_of(text, []).names)
