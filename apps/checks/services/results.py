"""What a tool reported, as a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from apps.checks.gateways.report import Report
from apps.checks.types import SEVERITIES, CheckResult, plain_text


def result_of(tool: ModuleType, report: Report, seconds: float) -> CheckResult:
    """Return the check of *tool*, a module of the gateways, from what it reported in so many *seconds*."""
    counts = SEVERITIES[SEVERITIES.index(tool.FAILS_AT) :]
    has_failed = any(finding.severity in counts for finding in report.findings)
    plain = {replace(finding, message=plain_text(finding.message)) for finding in report.findings}
    findings = tuple(sorted(plain, key=lambda one: (one.path, one.line, one.column, one.rule, one.message)))
    return CheckResult(
        tool=tool.TOOL,
        version=tool.version(),
        status="failed" if has_failed else "error" if report.unchecked else "passed",
        findings=findings,
        seconds=round(seconds, 3),
        reason=plain_text(_reason(report.unchecked)),
        unchecked=tuple(report.unchecked),
    )


def _reason(unchecked: Mapping[str, str]) -> str:
    if not unchecked:
        return ""
    path, reason = next(iter(unchecked.items()))
    if len(unchecked) == 1:
        return f"{path}: {reason}"
    return f"{len(unchecked)} files were not looked at; the first is {path}: {reason}"
