"""The rules of reuse: what may be called how, what is proposed first, and how plainly weak evidence is said."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.reuse import (
    Adapter,
    Function,
    Origin,
    adapters_of,
    evidence,
    imported_packages,
    ranked,
    repository_functions,
    wanted_of,
    written,
)

GCD = Function("math", "gcd", 0, None, Origin.STANDARD_LIBRARY)
MONEY = Function("shop.money", "parse", 1, 1, Origin.REPOSITORY, path="shop/money.py")
FILES = {
    "shop/money.py": (
        "import numpy as np\nfrom shop.other import x\n\n"
        "def parse(text, strict=False): ...\ndef _hidden(a): ...\nasync def later(a): ...\n"
        "def named(*, key): ...\ndef cents(text): ...\nclass Money: ...\n"
    ),
    "tests/test_money.py": "import pytest\n\ndef test_parse(): ...\n",
    "broken.py": "def (",
}


def wanted(signature="def common(a: int, b: int) -> int", entry="common", count=2, path="shop/new.py", text=""):
    return wanted_of(entry=entry, signature=signature, count=count, text=text, target_path=path)


def test_functions_of_a_repository_are_its_public_ones_without_tests_and_what_is_asked_for():
    found = repository_functions(FILES, wanted(entry="cents", path="shop/money.py"))
    assert [(one.full_name, one.fewest, one.most, one.flags) for one in found] == [
        ("shop.money.parse", 1, 2, ("strict",)),
    ]
    assert len(repository_functions(FILES, wanted(entry="cents", path="shop/elsewhere.py"))) == 2


def test_dependencies_are_what_the_code_imports_and_does_not_own():
    assert imported_packages(FILES) == ["numpy", "pytest"]


def test_a_function_is_called_as_it_is_first_then_with_a_flag_a_wrap_another_order():
    found = [one.expression for one in adapters_of(Function("m", "f", 2, 3, Origin.DEPENDENCY, ("x",)), wanted(), list)]
    assert found == ["{}(a, b)", "{}(a, b, x=True)", "list({}(a, b))", "sorted({}(a, b))", "{}(b, a)"]
    assert list(adapters_of(MONEY, wanted(), int)) == []


@given(st.integers(0, 6), st.integers(0, 6), st.sampled_from([int, str, list, dict, bytes]), st.integers(1, 5))
def test_adapters_are_few_parse_and_use_every_parameter_once(fewest, most, result, count):
    asked = wanted(signature=None, count=count)
    found = list(adapters_of(Function("m", "f", fewest, most, Origin.DEPENDENCY), asked, result))
    assert len(found) <= 12
    assert bool(found) == (fewest <= count <= most)
    for one in found:
        names = [node.id for node in ast.walk(ast.parse(one.expression.format("f"))) if isinstance(node, ast.Name)]
        assert sorted(name for name in names if name in asked.parameters) == sorted(asked.parameters)


@pytest.mark.parametrize(
    ("signature", "head"),
    [
        ("def common(a: int, b: int = 2) -> int", "def common(a: int, b: int=2) -> int:"),
        ("common(a, b)", "def common(a, b):"),
        ("def common(a: Money, b) -> int", "def common(a, b):"),
        (None, "def common(first, second):"),
    ],
)
def test_annotations_stay_where_python_knows_their_names(signature, head):
    assert wanted(signature).head == head


@pytest.mark.parametrize(
    "signature", ["def f(*a)", "def f(**a)", "def f(a, *, b)", "def f()", "def (", "f(a,b,c,d,e,g)"]
)
def test_what_cannot_be_passed_on_is_not_searched_for(signature):
    assert wanted(signature) is None


def test_a_proposal_imports_from_where_the_function_lives_and_copies_nothing():
    code = written(Adapter(GCD, "{}(b, a)", 1), wanted())
    assert code == ("from math import gcd\n\n\ndef common(a: int, b: int) -> int:\n    return gcd(b, a)\n")


def test_a_function_of_the_same_file_or_of_python_itself_needs_no_import_and_a_taken_name_another():
    one = wanted("def cents(text)", entry="cents", path="shop/money.py")
    assert written(Adapter(MONEY, "{}(text)", 0), one).startswith("def cents")
    assert "import" not in written(Adapter(Function("builtins", "str.find", 1, 3, Origin(2)), "{}(text)", 0), one)
    same = wanted("def parse(text)", entry="parse")
    assert "from shop.money import parse as existing_parse\n" in written(Adapter(MONEY, "{}(text)", 0), same)


def test_the_name_counts_first_then_the_plainest_call_then_what_is_nearest():
    other = Function("m", "zeta", 1, 1, Origin.REPOSITORY)
    plain, adapted = Adapter(GCD, "{}(a, b)", 0), Adapter(GCD, "{}(b, a)", 1)
    near, far = Adapter(other, "{}(a)", 0), Adapter(Function("n", "alpha", 1, 1, Origin(2)), "{}(a)", 0)
    assert ranked([far, near, adapted, plain], wanted(text="the gcd of two")) == [plain, near, far]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((1, 1, 0), "Weak evidence: only one example."),
        ((2, 2, 1), "Weak evidence: only 2 examples; one other existing function satisfies them."),
        ((4, 1, 0), "Weak evidence: every example expects the same value."),
        ((5, 4, 7), "Weak evidence: 7 others satisfy them too."),
    ],
)
def test_weak_evidence_is_said(counts, words):
    examples, results, others = counts
    said = evidence(Adapter(GCD, "{}(a, b)", 0), examples=examples, results=results, others=others)
    assert said.startswith("Reuse: calls math.gcd of the standard library as it is; run in the sandbox, ")
    assert said.endswith(words)
    strong = evidence(Adapter(GCD, "{}(a, b)", 0), examples=5, results=4, others=0)
    assert "Weak" not in strong
