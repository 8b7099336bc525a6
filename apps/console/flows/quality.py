"""
Quality looks at what generation wrote: a review of its own, property tests written from the annotations, and whether
its tests notice when it is changed.
"""

from __future__ import annotations

from importlib.metadata import version
from time import monotonic

from apps.checks.services import is_test_path
from apps.checks.types import CheckResult, Finding, Share, Status
from apps.generation.services.joined import Examined, Examiner
from apps.quality.models import GeneratedTestSuite, MutationRun
from apps.quality.services import mutation_measure, review_create, test_suite_generate
from apps.quality.services.mutation import REVIEW_BUDGET_S, REVIEW_MOST
from apps.quality.types import Code, NothingToMeasure

REVIEW, PROPERTIES, MUTATION = "quality-review", "property-tests", "mutation"


def review_examine(seen: Examined) -> CheckResult:
    """Review a candidate and keep the review; a finding of at least medium severity counts."""
    started = monotonic()
    row = review_create(code=_code(seen), requested_by=None, code_id=seen.artifact_id)
    findings = tuple(
        Finding(**{name: found[name] for name in ("rule", "message", "path", "line", "column", "severity")})
        for found in row.findings
    )
    counts = any(one.severity != "low" for one in findings)
    return CheckResult(
        REVIEW, version("nofx"), "failed" if counts else "passed", findings, round(monotonic() - started, 3)
    )


def properties_examine(seen: Examined) -> CheckResult:
    """Write property tests for a candidate, run them, and keep both; each input that breaks a property is a finding."""
    started = monotonic()
    try:
        suite = test_suite_generate(code=_code(seen), requested_by=None, code_id=seen.artifact_id)
    except NothingToMeasure as error:
        return CheckResult(PROPERTIES, version("nofx"), "not_checked", (), 0.0, reason=error.message)
    findings = tuple(_broken(suite, seen.path))
    is_run = not suite.execution_results["errors"]
    status: Status = "failed" if findings else "passed" if is_run else "error"
    reason = "" if is_run or findings else "The tests could not be run to their end."
    return CheckResult(PROPERTIES, version("nofx"), status, findings, round(monotonic() - started, 3), reason=reason)


def mutation_examine(seen: Examined) -> CheckResult:
    """Change what a candidate wrote, one place at a time, and run its own tests; each change they miss is a finding."""
    started = monotonic()
    tests = [path for path in sorted(seen.changed) if path.endswith(".py") and is_test_path(path)]
    if not tests:
        return CheckResult(MUTATION, version("nofx"), "not_checked", (), 0.0, reason="It brings no tests.")
    try:
        row = mutation_measure(
            code=_code(seen),
            requested_by=None,
            changed=seen.changed,
            lines=seen.lines,
            tests=tests,
            code_id=seen.artifact_id,
            budget_s=REVIEW_BUDGET_S,
            most=REVIEW_MOST,
        )
    except NothingToMeasure as error:
        return CheckResult(MUTATION, version("nofx"), "not_checked", (), 0.0, reason=error.message)
    return CheckResult(
        tool=MUTATION,
        version=version("nofx"),
        status="measured",
        findings=tuple(_missed(row, seen.path)),
        seconds=round(monotonic() - started, 3),
        reason=mutation_sentence(row),
        share=Share(row.noticed, row.counted, round(row.share.low, 4), round(row.share.high, 4), row.is_sample),
    )


def mutation_sentence(row: MutationRun) -> str:
    """Return what a run showed, as a sentence."""
    share = row.share
    drawn = f", drawn from {row.counted + row.invalid + row.untried}" if row.is_sample else ""
    return (
        f"The tests notice {row.noticed} of {row.counted} changed programs{drawn}: {100 * share.mean:.0f} %, "
        f"95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %."
    )


def _missed(row: MutationRun, path: str) -> list[Finding]:
    return [
        Finding("survived", f"No test notices {one['after']} in place of {one['before']}.", path, one["line"], 0, "low")
        for one in row.survivors
    ]


def _broken(suite: GeneratedTestSuite, path: str) -> list[Finding]:
    return [
        Finding("property", f"{one['test']}: {one['error']} with {one['input']}", path, 0, 0, "medium")
        for one in suite.execution_results["edge_cases"]
    ]


def _code(seen: Examined) -> Code:
    return Code(text=seen.text, path=seen.path, revision=seen.revision)


EXAMINERS = (
    Examiner(REVIEW, "Review", (".py",), review_examine),
    Examiner(PROPERTIES, "Properties", (".py",), properties_examine),
    Examiner(MUTATION, "Mutation", (".py",), mutation_examine, figure="mutation"),
)
