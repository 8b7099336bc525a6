"""Putting modules together: only what is better is taken, with all that it needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.hybrid import Plan, hybrid_module, hybrid_plan

PASSED = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries({"f": st.integers(0, 3), "g": st.integers(0, 3), "h": st.integers(0, 3)}),
)

BASE = "import math\n\n\ndef f(x):\n    return 1\n\n\ndef g(x):\n    return math.floor(x)\n"
DONOR = (
    "import re\nimport sys\n\nWORD = re.compile('a')\n\n\ndef _count(x):\n    return len(WORD.findall(x))\n\n\n"
    "def f(x):\n    return _count(x)\n\n\ndef g(x):\n    return None\n"
)


def test_each_function_comes_from_whoever_passes_most() -> None:
    plan = hybrid_plan({"a": {"f": 3, "g": 0}, "b": {"f": 0, "g": 2}, "c": {"f": 1, "g": 1}})
    assert plan == Plan("a", {"g": "b"})


def test_nothing_is_planned_where_one_is_best_everywhere() -> None:
    assert hybrid_plan({"a": {"f": 3, "g": 2}, "b": {"f": 3, "g": 1}}) is None
    assert hybrid_plan({}) is None


@given(passed=PASSED)
def test_a_plan_promises_more_than_any_candidate(passed: dict[str, dict[str, int]]) -> None:
    plan = hybrid_plan(passed)
    if plan is not None:
        promised = sum(passed[plan.donors.get(name, plan.base)][name] for name in "fgh")
        assert promised > max(sum(counts.values()) for counts in passed.values())


def test_a_function_brings_what_it_needs_and_no_more() -> None:
    module = hybrid_module(Plan("a", {"f": "b"}), {"a": BASE, "b": DONOR})
    namespace: dict[str, object] = {}
    exec(module, namespace)  # noqa: S102  our own two texts
    assert namespace["f"]("aXa") == 2 and namespace["g"](2.5) == 2
    assert "import sys" not in module and module.count("def g") == 1


def test_a_donor_without_the_function_is_an_error() -> None:
    with pytest.raises(ValueError, match="no h"):
        hybrid_module(Plan("a", {"h": "b"}), {"a": BASE, "b": DONOR})
