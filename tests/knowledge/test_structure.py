"""The structure of a definition: what names do not change, and what everything else does."""

from __future__ import annotations

import ast
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.engine.instantiation import instantiate
from apps.knowledge.engine.policy import pattern_structure
from apps.knowledge.engine.structure import structures
from apps.knowledge.gateways.library import patterns

PATTERNS = patterns()
NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
SUM = (
    "import math\n\nLIMIT = 3\n\n\ndef total(xs, start=0):\n    for x in xs:\n"
    "        start += math.floor(x) * LIMIT\n    return start\n"
)


def only(source: str) -> str:
    ((structure, _),) = structures(source).values()
    return structure


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_a_pattern_under_other_names_is_the_same_structure(pattern):
    renamed = instantiate(pattern, {one.name: f"zz_{one.name}" for one in pattern.parameters if one.kind != "constant"})
    found = structures(renamed)[f"zz_{pattern.entry}"][0]
    assert found == pattern_structure(pattern)


def test_no_two_patterns_of_the_library_have_the_same_structure():
    assert len({pattern_structure(one) for one in PATTERNS}) == len(PATTERNS)


@given(st.lists(NAMES, min_size=5, max_size=5, unique=True))
def test_consistent_renaming_changes_nothing(names):
    new = dict(zip(("total", "xs", "start", "x", "LIMIT"), (f"{name}_n" for name in names), strict=True))
    tree = ast.parse(SUM)
    for node in ast.walk(tree):
        for field in ("id", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str) and value in new and not isinstance(node, ast.alias):
                setattr(node, field, new[value])
    assert only(ast.unparse(tree)) == only(SUM)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("xs, start=0", "xs: list[int], start: int = 0", True),
        ("    for x", '    """Add."""\n    for x', True),
        ("import math", "import math as m\nmath = m", False),
        ("LIMIT = 3", "LIMIT = 4", True),
        ("start=0", "start=1", False),
        ("floor", "ceil", False),
        ("+=", "-=", False),
        ("return start", "return xs", False),
    ],
)
def test_what_counts_and_what_does_not(old, new, is_same):
    assert (only(SUM.replace(old, new)) == only(SUM)) is is_same


def test_imported_names_stand_for_what_they_are():
    first = "from math import floor as f\n\n\ndef g(x):\n    return f(x)\n"
    second = "from math import floor\n\n\ndef g(x):\n    return floor(x)\n"
    third = "from math import ceil as f\n\n\ndef g(x):\n    return f(x)\n"
    assert only(first) == only(second) != only(third)


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 2000, "x = " + "-" * 20_000 + "1"])
def test_what_does_not_parse_has_no_structure(source):
    assert structures(source) == {}
