"""Two scores that follow their formulae and fit their columns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.quality import measure_code, quality_score, security_score

severities = st.lists(st.sampled_from(["low", "medium", "high"]), max_size=20)


def test_short_simple_checked_code_that_passes_everything_scores_one():
    checks = {"ruff": "passed", "mypy": "passed"}
    assert quality_score(checks=checks, lines=10, complexity=2, examples_passed=3, examples_total=3) == Decimal("1.00")


def test_a_tool_that_could_not_run_is_not_a_pass():
    def score(status: str) -> Decimal:
        return quality_score(checks={"ruff": "passed", "mypy": status}, lines=10, complexity=2)

    assert score("error") == score("failed") < score("passed")


def test_a_status_nobody_knows_is_refused():
    with pytest.raises(KeyError):
        quality_score(checks={"ruff": "green"}, lines=1, complexity=1)


@pytest.mark.parametrize(
    ("found", "score"), [([], "1.00"), (["low"], "0.95"), (["high"], "0.50"), (["medium", "high"], "0.40")]
)
def test_security_falls_with_each_finding(found, score):
    assert security_score(found) == Decimal(score)


@given(severities, severities)
def test_a_further_finding_never_raises_a_score(found, more):
    assert security_score([*found, *more]) <= security_score(found)
    shared = {"checks": {"ruff": "failed"}, "lines": 50, "complexity": 9}
    assert quality_score(findings=[*found, *more], **shared) <= quality_score(findings=found, **shared)


@given(severities, st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, 5))
def test_scores_fit_a_decimal_of_three_digits(found, lines, complexity, passed):
    score = quality_score(
        checks={}, findings=found, lines=lines, complexity=complexity, examples_passed=passed, examples_total=5
    )
    assert Decimal("0.00") <= score <= Decimal("1.00")
    assert score.as_tuple().exponent == -2


def test_lines_and_complexity_are_measured_on_the_syntax_tree():
    code = (
        'def f(a):\n    """Doc."""\n\n    # why\n'
        "    if a and a > 1:\n        return 1\n    return [x for x in a if x]\n"
    )
    measures = measure_code(code)
    assert (measures.lines, measures.complexity) == (4, 4)
    assert measure_code("def f(:").lines == 1
