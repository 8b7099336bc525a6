"""What a specification asks of quality is measured on the commit, and stands in the way where it is not met."""

from __future__ import annotations

import pytest

from apps.checks.types import CheckResult, Share
from apps.core.intervals import wilson
from apps.generation.engine.specification import analyse
from apps.generation.services.quality_gates import python_quality_gates

BRANCHY = """\
def grade(points):
    if points > 90:
        return "a"
    if points > 80:
        return "b"
    if points > 70:
        return "c"
    return "d"
"""
HALF = "from shop.grades import grade\n\n\ndef test_top():\n    assert grade(95) == 'a'\n"


def gates(text, *, source=BRANCHY, before="", tests=HALF, figures=None):
    tree = {"shop/__init__.py": b"", "shop/grades.py": source.encode(), "tests/test_grades.py": tests.encode()}
    changed = {"shop/grades.py": source, "tests/test_grades.py": tests}
    found = python_quality_gates(
        analyse(text).quality, before={"shop/grades.py": before}, changed=changed, tree=tree, figures=figures
    )
    return {gate["gate"]: gate for gate in found}


def test_a_specification_that_asks_nothing_of_quality_has_no_further_gate():
    assert gates("Write `grade(points)` that returns a letter.") == {}


@pytest.mark.parametrize(("most", "status"), [(3, "failed"), (4, "passed")])
def test_complexity_is_measured_by_function(most, status):
    found = gates(f"- Cyclomatic complexity must be at most {most}.")["complexity"]
    assert found["status"] == status
    assert [finding["message"] for finding in found["findings"]] == (
        ["grade has a cyclomatic complexity of 4, 1 more than asked for."] if status == "failed" else []
    )


def test_a_change_does_not_answer_for_functions_that_it_left_alone():
    added = f"{BRANCHY}\n\ndef simple():\n    return 1\n"
    assert gates("- Complexity must be at most 2.", source=added, before=BRANCHY)["complexity"]["status"] == "passed"


@pytest.mark.parametrize(
    ("least", "status", "short"), [(38, "failed", ", so 0.5 points are missing"), (37, "passed", "")]
)
def test_coverage_of_the_changed_files_is_measured_in_the_sandbox(least, status, short):
    found = gates(f"- Test coverage must be at least {least} %.")["coverage"]
    assert found["status"] == status, found
    assert found["detail"].splitlines() == [
        f"37.5 % of the statements of the changed files run in the tests; {least} % was asked for{short}.",
        "shop/grades.py: lines 4, 5, 6, 7, 8 do not.",
    ]
    assert found["trust"] == "in_process"


def test_tests_that_cannot_be_imported_cover_nothing():
    found = gates("- Coverage of at least 50 % is a must.", tests="import nowhere\n")["coverage"]
    assert found["status"] == "failed"


def test_the_strictest_figure_of_a_measure_counts():
    asked = "- Complexity must be at most 9.\n- Complexity of helpers must be at most 3.\n"
    assert gates(asked)["complexity"]["status"] == "failed"


def test_without_a_tree_nothing_is_run_and_coverage_has_no_gate():
    asked = analyse("- Coverage of at least 50 % is a must.\n- Complexity must be at most 9.").quality
    found = python_quality_gates(asked, before={}, changed={"shop/grades.py": BRANCHY}, tree=None)
    assert [(gate["gate"], gate["status"]) for gate in found] == [("complexity", "passed")]


def test_what_nobody_measures_is_not_met_and_says_so():
    found = gates("- The mutation score must be at least 80 %.")["mutation"]
    assert (found["status"], found["detail"].split(".")[0]) == ("failed", "At least 80 % was asked for")


MUTATION = "- The mutation score must be at least 80 %."


def mutation_check(hits, n, *, is_sample):
    share = Share(hits, n, wilson(hits, n).low, wilson(hits, n).high, is_sample)
    return CheckResult("mutation", "1", "measured", (), 1.0, reason="They notice some.", share=share).as_json()


@pytest.mark.parametrize(
    ("hits", "is_sample", "status"),
    [(16, False, "passed"), (15, False, "failed"), (16, True, "failed"), (20, True, "passed")],
)
def test_a_mutation_score_is_held_against_the_low_end_where_it_is_of_a_sample(hits, is_sample, status):
    found = gates(MUTATION, figures={"mutation": mutation_check(hits, 20, is_sample=is_sample)})["mutation"]
    assert found["status"] == status
    assert found["detail"].startswith("They notice some. At least 80 % was asked for")
    assert ("lower end of the interval" in found["detail"]) is is_sample
    assert found["trust"] == "in_process"


@pytest.mark.parametrize(("status", "gate"), [("error", "error"), ("not_checked", "failed")])
def test_a_mutation_score_that_could_not_be_measured_is_met_by_nobody(status, gate):
    check = CheckResult("mutation", "1", status, (), 0.0, reason="It brings no tests.").as_json()
    assert gates(MUTATION, figures={"mutation": check})["mutation"]["status"] == gate
