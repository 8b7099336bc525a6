"""Files of Python as symbols, identifiers as words, and rankings as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repositories.engine.fusion import reciprocal_rank_fusion
from apps.repositories.engine.modules import module_name
from apps.repositories.engine.symbols import MAX_NAME, FileUnreadable, read_file
from apps.repositories.engine.words import identifier_parts, search_words

SHOP = '''\
from __future__ import annotations
import json
import shop.rates as rates
from functools import cache
from . import money
from .money import parse_amount as parse

try:
    from fast import dumps
except ImportError:
    def dumps(value): return json.dumps(value)

@cache
def total(rows: list[str], *, rate=1.5) -> int:
    """Return the sum."""
    values = map(parse, rows)
    return rates.convert(sum(values), rate)

class Basket(money.Bag, metaclass=type):
    """What is bought."""

    def add(self, row):
        self.check(row)
        def inner(): return total([row])
        return inner()

    async def check(self, parse): return parse(1)
'''


def test_a_file_is_read_as_functions_classes_and_methods_with_their_lines() -> None:
    found = read_file("src/shop/basket.py", SHOP).symbols
    assert [(one.kind, one.qualname, one.line, one.end_line) for one in found] == [
        ("function", "dumps", 11, 11),
        ("function", "total", 13, 17),
        ("class", "Basket", 19, 27),
        ("method", "Basket.add", 22, 25),
        ("method", "Basket.check", 27, 27),
    ]
    assert found[1].signature == "def total(rows: list[str], *, rate=1.5) -> int"
    assert found[2].signature == "class Basket(money.Bag, metaclass=type)"
    assert found[4].signature == "async def check(self, parse)"
    assert found[1].docstring == "Return the sum."
    assert found[1].source.startswith("@cache\ndef total")
    assert len(found[1].digest) == 64


def test_calls_are_named_as_the_imports_say() -> None:
    calls = {one.qualname: set(one.calls) for one in read_file("src/shop/basket.py", SHOP).symbols}
    assert calls["total"] == {"shop.money.parse_amount", "shop.rates.convert", "functools.cache"}
    assert calls["Basket"] == {"shop.money.Bag"}
    assert calls["Basket.add"] == {"shop.basket.Basket.check", "shop.basket.total"}
    # A parameter of the same name is not the import.
    assert calls["Basket.check"] == set()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/money.py", "shop.money"),
        ("src/shop/__init__.py", "shop"),
        ("lib/a/b.py", "a.b"),
        ("setup.py", "setup"),
        ("src.py", "src"),
        ("__init__.py", ""),
    ],
)
def test_a_path_is_imported_under_a_name(path: str, name: str) -> None:
    assert module_name(path) == name


def test_relative_imports_of_a_package_start_at_the_package() -> None:
    assert read_file("shop/__init__.py", "from .money import parse").exports == {"parse": "shop.money.parse"}
    assert read_file("shop/a.py", "from .. import x\nfrom ... import y\nfrom m import *").exports == {"x": "x"}


@pytest.mark.parametrize("text", ["def f(:", "\0", "(" * 5000, "-" * 100_000 + "1"])
def test_what_does_not_parse_is_said_to_be_unreadable(text: str) -> None:
    with pytest.raises(FileUnreadable):
        read_file("a.py", text)


def test_what_a_database_cannot_hold_is_not_in_a_docstring() -> None:
    (symbol,) = read_file("a.py", 'def f():\n    """a\\0b\\ud800c"""\n').symbols
    assert symbol.docstring == "a\N{REPLACEMENT CHARACTER}b?c"


def test_a_name_that_no_index_could_hold_is_left_out() -> None:
    assert read_file("a.py", f"def {'f' * MAX_NAME}(): ...\ndef g(): ...").symbols[0].qualname == "g"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\x0c"])
def test_lines_are_counted_as_python_counts_them(end: str) -> None:
    (symbol,) = read_file("a.py", f"x = 1{end}{end}def f():{end.strip(chr(12))}    return 1{end}").symbols
    assert symbol.source.strip("\x0c").split() == ["def", "f():", "return", "1"]


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("parse_amount", ("parse", "amount")),
        ("parseAmount", ("parse", "amount")),
        ("HTTPServer2xx", ("http", "server", "2", "xx")),
        ("__init__", ("init",)),
        ("GrößeÄndern", ("größe", "ändern")),
        ("_", ()),
    ],
)
def test_identifiers_come_apart_where_people_see_words(identifier: str, parts: tuple[str, ...]) -> None:
    assert identifier_parts(identifier) == parts


def test_a_compound_name_is_a_word_of_its_own_too() -> None:
    assert search_words("Use parse_amount!") == "use parse amount parseamount"


@given(st.text())
def test_no_letter_or_digit_is_lost(text: str) -> None:
    assert (
        "".join(identifier_parts(text)) == "".join(part.lower() for part in text if part.isalpha() or part.isdecimal())
        or not text.isascii()
    )


@given(st.lists(st.lists(st.integers(0, 20), unique=True), max_size=4))
def test_a_fused_ranking_has_each_key_once_and_falls(rankings: list[list[int]]) -> None:
    fused = reciprocal_rank_fusion(*rankings)
    assert {key for key, _ in fused} == {key for ranking in rankings for key in ranking}
    assert len({key for key, _ in fused}) == len(fused)
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


@given(st.permutations(range(6)))
def test_a_ranking_fused_with_itself_keeps_its_order(ranking: list[int]) -> None:
    assert [key for key, _ in reciprocal_rank_fusion(ranking, ranking)] == ranking


def test_what_both_rankings_have_comes_before_what_only_one_has() -> None:
    assert reciprocal_rank_fusion("abc", "cde")[0][0] == "c"


def test_a_heavier_ranking_decides() -> None:
    assert [key for key, _ in reciprocal_rank_fusion("ab", "ba", weights=(1, 2))] == ["b", "a"]
