"""Scores, debt and treemaps keep their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.checks.types import Finding, FunctionComplexity, Severity
from apps.quality.engine.debt import FileDebt, FileFacts, assess, rating, total_ratio
from apps.quality.engine.scoring import complexity_findings, quality_score, severity_distribution
from apps.quality.engine.syntax import code_lines, facts_of
from apps.quality.engine.treemap import ROOT, Weight, treemap_cells

severities = st.sampled_from(["low", "medium", "high"])
distributions = st.fixed_dictionaries({name: st.integers(0, 50) for name in ("low", "medium", "high")})


def finding(severity: Severity = "medium") -> Finding:
    return Finding("X1", "message", "a.py", 1, 1, severity)


def facts(path: str, source: str, *, complexity: int = 1, findings: int = 0, touches: int = 0) -> FileFacts:
    return FileFacts(
        path=path,
        syntax=facts_of(source),
        functions=(FunctionComplexity("f", 1, 2, complexity),),
        findings=(finding(),) * findings,
        touches=touches,
        is_test=path.startswith("tests/"),
    )


def test_text_without_findings_scores_one() -> None:
    assert quality_score(severity_distribution([]), 1) == 1.0


@given(distributions, st.integers(0, 5000), severities)
def test_a_finding_more_always_lowers_the_score_and_it_stays_a_score(
    distribution: dict[Severity, int], lines: int, severity: Severity
) -> None:
    worse = distribution | {severity: distribution[severity] + 1}
    assert 0 < quality_score(worse, lines) < quality_score(distribution, lines) <= 1


def test_functions_that_branch_too_much_are_findings() -> None:
    functions = [FunctionComplexity(f"f{n}", n, n, n) for n in (10, 11, 20, 21)]
    assert [(item.line, item.severity) for item in complexity_findings(functions, "a.py")] == [
        (11, "medium"),
        (20, "medium"),
        (21, "high"),
    ]


def test_lines_of_code_leave_out_blank_lines_and_comments() -> None:
    assert code_lines('"""Two\nlines."""\n\n# a comment\nx = (1 +\n     2)\n') == 4


def test_debt_counts_branches_findings_docstrings_and_untested_functions() -> None:
    source = "def price():\n    return 1\n\n\ndef tax():\n    return 2\n"
    files = [
        facts("shop.py", source, complexity=13, findings=2),
        facts("tests/test_shop.py", "from shop import price\nprice()\n"),
    ]
    shop, tests = assess(files)
    assert shop.minutes_by_kind == {"complexity": 11, "findings": 20, "docstrings": 15, "tests": 10}
    assert shop.minutes == 56
    assert shop.ratio == pytest.approx(56 / (30 * 4))
    assert shop.rating == "D"
    assert tests.minutes == 0


def test_ratings_end_at_their_limits() -> None:
    assert [rating(ratio) for ratio in (0, 0.05, 0.051, 0.10, 0.2, 0.5, 0.51)] == list("AABBCDE")


def test_no_files_have_no_debt() -> None:
    assert assess([]) == []
    assert total_ratio([]) == 0


names = st.from_regex(r"[a-c]{1,2}", fullmatch=True)
weights = st.lists(
    st.builds(
        Weight,
        path=st.lists(names, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py"),
        minutes=st.integers(0, 500),
        code_lines=st.integers(0, 2000),
        touches=st.integers(0, 30),
    ),
    unique_by=lambda weight: weight.path,
    max_size=25,
)


@given(weights, st.sampled_from(["minutes", "interest"]))
def test_each_folder_of_a_treemap_is_the_sum_of_what_it_holds(files: list[Weight], area: str) -> None:
    cells = treemap_cells(files, area)  # type: ignore[arg-type]  # hypothesis draws plain text
    by_id = {cell.id: cell for cell in cells}
    assert len(by_id) == len(cells)
    assert sum(cell.area for cell in cells if cell.is_file) == (by_id[ROOT].area if cells else 0)
    for cell in cells:
        assert (cell.parent == "") == (cell.id == ROOT)
        if not cell.is_file:
            inside = [other for other in cells if other.parent == cell.id]
            assert cell.area == sum(other.area for other in inside) > 0
            assert cell.minutes == sum(other.minutes for other in inside)


def test_a_file_that_changes_often_weighs_more_by_interest() -> None:
    files = [Weight("a.py", 10, 5, 4), Weight("b.py", 30, 5, 0)]
    assert [cell.id for cell in treemap_cells(files, "minutes") if cell.is_file] == ["b.py", "a.py"]
    assert [cell.id for cell in treemap_cells(files, "interest") if cell.is_file] == ["a.py", "b.py"]


def test_debt_of_a_file_names_its_interest() -> None:
    assert FileDebt("a.py", 10, 3, {"findings": 30}, touches=7).touches == 7
