"""Habits of code are counted, and small or mixed samples are not taken for habits."""

from __future__ import annotations

import pytest

from apps.generation.engine.conventions import Convention, conventions_of, is_test
from apps.generation.engine.conventions import test_directory as directory_of_tests

GOOGLE = '"""Do it.\n\n    Args:\n        x: A number.\n    """'
NUMPY = '"""Do it.\n\n    Parameters\n    ----------\n    x : int\n    """'
SPHINX = '"""Do it.\n\n    :param x: A number.\n    """'


def measured(files: dict[str, str]) -> dict[str, Convention]:
    return {one.name: one for one in conventions_of(files)}


def functions(body: str, count: int = 6) -> dict[str, str]:
    return {"a.py": "\n".join(body.replace("NAME", f"do_{n}") for n in range(count))}


@pytest.mark.parametrize(
    ("docstring", "style"),
    [(GOOGLE, "google"), (NUMPY, "numpy"), (SPHINX, "sphinx"), ('"""Do it."""', "plain sentences")],
)
def test_the_style_of_docstrings(docstring: str, style: str) -> None:
    found = measured(functions(f"def NAME(x):\n    {docstring}\n"))["docstring style"]
    assert (found.value, found.share, found.n, found.is_clear) == (style, 1.0, 6, True)


def test_names_types_errors_and_missing_results() -> None:
    code = (
        "class ShopError(Exception): ...\n"
        "class Empty(ShopError): ...\n"
        "class Full(ShopError): ...\n"
        "def one(x: int, *rest: str) -> int:\n    raise Empty('x')\n    return 1\n"
        "def twoWords(self, y):\n    raise Full\n    return None\n"
        "class Bag:\n    def add(self, x: int) -> None: raise ValueError(x)\n"
    )
    found = measured({"shop/a.py": code})
    assert (found["function names"].value, found["function names"].share) == ("snake_case", 0.667)
    assert found["class names"].value == "CapWords"
    assert (found["type annotations"].value, found["type annotations"].share) == ("complete", 0.667)
    assert found["errors raised"].value == "the code's own classes, based on ShopError"
    assert found["errors raised"].n == 3
    assert (found["missing results"].value, found["missing results"].n) == ("raise", 1)
    assert not any(one.is_clear for one in found.values() if one.n < 5)


@pytest.mark.parametrize(
    ("test", "style"),
    [
        ("def test_a(): ...\ndef helper(): ...", "pytest functions"),
        ("class TestA:\n    def test_a(self): ...", "pytest classes"),
        ("import unittest\nclass A(unittest.TestCase):\n    def test_a(self): ...", "unittest classes"),
    ],
)
def test_the_style_of_tests(test: str, style: str) -> None:
    found = measured({"shop/a.py": "x = 1", "tests/unit/test_a.py": test})["tests"]
    assert (found.value, found.n) == (style, 1)


def test_imports_quotes_and_line_length() -> None:
    code = (
        "from . import b\nfrom .b import c\nfrom shop.d import e\nimport os\n"
        + "x = 'one'\n" * 9
        + 'y = "it\'s"\n'
        + 'z = "two"\n'
    )
    found = measured({"shop/a.py": code, "shop/b.py": f"# {'long ' * 21}\n"})
    assert (found["imports"].value, found["imports"].n) == ("relative", 3)
    assert (found["quotes"].value, found["quotes"].share, found["quotes"].n) == ("single", 0.9, 10)
    assert found["line length"].value == "at most 120 characters"


def test_nothing_is_said_of_code_that_does_not_parse() -> None:
    assert conventions_of({"a.py": "def f(:", "b.md": "# Title"}) == ()


def test_a_habit_is_a_sentence_with_its_figures() -> None:
    assert Convention("quotes", "double", 0.984, 250).sentence() == "quotes: double (98 % of 250)"


def test_where_tests_are() -> None:
    assert directory_of_tests(["tests/unit/test_a.py", "tests/unit/test_b.py", "test_c.py"]) == "tests/unit"
    assert directory_of_tests(["shop/a.py"]) == "tests"
    assert is_test("shop/tests/data.py")
    assert not is_test("shop/latest.py")
