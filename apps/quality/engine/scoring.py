"""How findings become a distribution and a score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.checks.types import SEVERITIES, Finding, FunctionComplexity, Severity

# A finding of high severity weighs as much as ten lines of flawless code beside it.
WEIGHTS: Mapping[Severity, int] = {"low": 1, "medium": 3, "high": 10}
SHORTEST_TEXT = 10
COMPLEX_FROM = 11
VERY_COMPLEX_FROM = 21


def severity_distribution(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many findings there are of each severity; every severity is named."""
    counts: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def quality_score(distribution: Mapping[Severity, int], code_lines: int) -> float:
    """
    Return a score from 0 (exclusive) to 1 (no finding).

    It is lines / (lines + weighted findings), so it depends on the density of findings, never rises when one is
    added, and does not call a long text bad for its length. Texts under ten lines count as ten.
    """
    lines = max(code_lines, SHORTEST_TEXT)
    weighted = sum(WEIGHTS[severity] * count for severity, count in distribution.items())
    return lines / (lines + weighted)


def complexity_findings(functions: Iterable[FunctionComplexity], path: str) -> list[Finding]:
    """Return a finding for each function that branches more than a reader can follow (McCabe's limit of 10)."""
    return [
        Finding(
            rule="complexity",
            message=f"{function.name} has a complexity of {function.complexity}; the limit is {COMPLEX_FROM - 1}.",
            path=path,
            line=function.line,
            column=1,
            severity="high" if function.complexity >= VERY_COMPLEX_FROM else "medium",
        )
        for function in functions
        if function.complexity >= COMPLEX_FROM
    ]
