"""What a specification asks of quality is measured on the commit, and stands in the way where it is not met."""

from __future__ import annotations

import pytest

from apps.checks.gateways import mypy
from apps.checks.gateways.process import ToolFailed
from apps.checks.types import CheckResult, Share
from apps.core.intervals import wilson
from apps.generation.engine.specification import analyse
from apps.generation.services import typing_gate
from apps.generation.services.javascript_quality_gates import javascript_quality_gates
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


TYPED = "def grade(points: int) -> str:\n    return 'a' if points > 90 else 'b'\n"
TYPES = "The code must be strictly typed."


@pytest.mark.parametrize("words", [TYPES, "It passes mypy.", "Every function must have type hints."])
def test_types_that_are_asked_for_are_checked_strictly(words):
    found = gates(words)["typing"]
    assert (found["status"], found["detail"]) == (
        "failed",
        "Types that a strict check accepts were asked for. "
        "mypy --strict finds 1 error on the lines that were written or changed.",
    )
    assert [(one["path"], one["line"], one["rule"], one["message"]) for one in found["findings"]] == [
        ("shop/grades.py", 1, "no-untyped-def", "Function is missing a type annotation")
    ]


def test_code_with_types_meets_them_and_other_modules_of_the_repository_are_known():
    source = f"from shop.known import Base\n\n\nclass Best(Base):\n    pass\n\n\n{TYPED}"
    before = {"shop/__init__.py": "", "shop/known.py": "class Base:\n    def say(self):\n        return 1\n"}
    [found] = python_quality_gates(analyse(TYPES).quality, before=before, changed={"shop/best.py": source}, tree=None)
    assert (found["status"], found["findings"]) == ("passed", []), found
    assert found["detail"].endswith("mypy --strict finds nothing on the lines that were written or changed.")


def test_a_module_of_the_repository_that_does_not_parse_is_taken_as_it_comes():
    source = f"from shop.broken import half\n\n\n{TYPED}"
    before = {"shop/__init__.py": "", "shop/broken.py": "def half(:\n"}
    [found] = python_quality_gates(analyse(TYPES).quality, before=before, changed={"shop/best.py": source}, tree=None)
    assert (found["status"], found["findings"]) == ("passed", []), found


def test_a_change_does_not_answer_for_types_that_were_missing_before():
    added = f"{BRANCHY}\n\n{TYPED.replace('grade', 'simple')}"
    assert gates(TYPES, source=added, before=BRANCHY)["typing"]["status"] == "passed"


def test_no_comment_silences_the_check_of_types_that_were_asked_for():
    source = f"# mypy: ignore-errors\n{BRANCHY.replace('(points):', '(points):  # type: ignore')}"
    assert gates(TYPES, source=source)["typing"]["status"] == "failed"


def test_of_many_errors_of_types_the_first_are_listed():
    source = "".join(f"def f{number}(a):\n    return a\n\n\n" for number in range(21))
    found = gates(TYPES, source=source)["typing"]
    assert "finds 21 errors on" in found["detail"] and found["detail"].endswith("The first 20 are listed.")
    assert [one["line"] for one in found["findings"]] == list(range(1, 81, 4))


def test_a_type_checker_that_fails_or_stops_early_never_passes(monkeypatch):
    broken = gates(TYPES, source=f"{TYPED}\ndef half(:\n", before="def half(:\n")["typing"]
    assert broken["status"] == "error" and "mypy stopped: shop/grades.py, line 4" in broken["detail"]

    def crashes(*_, **__):
        raise ToolFailed("mypy was ended by SIGKILL.")

    monkeypatch.setattr(mypy, "tool_run", crashes)
    found = gates(TYPES, source=TYPED)["typing"]
    assert (found["status"], found["detail"]) == ("error", "shop/grades.py: mypy was ended by SIGKILL.")


def javascript_typing(path, text, before=""):
    [found] = javascript_quality_gates(
        analyse(TYPES).quality, before={path: before} if before else {}, changed={path: text}, tree=None
    )
    return found


def test_types_of_typescript_are_checked_strictly_on_the_lines_of_the_change():
    old = "export function f(a) { return a; }\n"
    assert javascript_typing("src/f.ts", "export const f = (a: number): number => a;\n")["status"] == "passed"
    assert javascript_typing("src/f.ts", f"{old}export const two: number = 2;\n", before=old)["status"] == "passed"
    found = javascript_typing("src/f.ts", old)
    assert (found["status"], [one["rule"] for one in found["findings"]]) == ("failed", ["TS7006"])
    assert "tsc --strict finds 1 error on the lines" in found["detail"]
    assert javascript_typing("src/f.ts", "export function f(a: {")["status"] == "error"


def test_javascript_without_types_is_not_measured_and_not_met():
    found = javascript_typing("src/f.mjs", "export const f = (a) => a;\n")
    assert (found["status"], found["detail"].splitlines()) == (
        "failed",
        [
            f"Types that a strict check accepts were asked for. {typing_gate.NOT_MEASURED}",
            "src/f.mjs: JavaScript names no types.",
        ],
    )
