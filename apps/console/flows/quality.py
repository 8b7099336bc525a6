"""Quality looks at what generation wrote: a review of its own, and property tests written from the annotations."""

from __future__ import annotations

from importlib.metadata import version
from time import monotonic

from apps.checks.types import CheckResult, Finding, Status
from apps.generation.services.joined import Examined, Examiner
from apps.quality.models import GeneratedTestSuite
from apps.quality.services import review_create, test_suite_generate
from apps.quality.types import Code, NothingToMeasure

REVIEW, PROPERTIES = "quality-review", "property-tests"


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
)
