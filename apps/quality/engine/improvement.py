"""How much better a text became: issues before and after, counted the same way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from apps.checks.types import Finding, Fix


@dataclass(frozen=True)
class Metrics:
    """``issues`` are distinct (rule, line) pairs that the tools report or know a safe fix for."""

    issues: int
    safe_fixes: int
    code_lines: int
    complexity: int

    def as_json(self) -> dict[str, int]:
        """Return the metrics as they are stored."""
        return asdict(self)


def metrics_of(findings: Iterable[Finding], fixes: Iterable[Fix], code_lines: int, complexity: int) -> Metrics:
    """Return the metrics of one text."""
    known = tuple(fixes)
    issues = {(finding.rule, finding.line) for finding in findings} | {(fix.rule, fix.line) for fix in known}
    return Metrics(len(issues), len(known), code_lines, complexity)


def improvement_percentage(before: Metrics, after: Metrics) -> float:
    """Return which share of the issues is gone, in percent; negative when there are more, 0 when there were none."""
    if before.issues == 0:
        return 0.0 if after.issues == 0 else -100.0
    return max(-100.0, 100 * (before.issues - after.issues) / before.issues)
