"""Two scores of a candidate, with their formulae, that fit DECIMAL(3,2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal


def quality_score(
    *,
    checks: Mapping[str, str],
    findings: Iterable[str] = (),
    lines: int,
    complexity: int,
    examples_passed: int = 0,
    examples_total: int = 0,
) -> Decimal:
    """Return quality from 0.00 to 1.00; *checks* maps a tool to "passed", "failed" or "error"."""
    raise NotImplementedError


def security_score(severities: Iterable[str]) -> Decimal:
    """Return security from 0.00 to 1.00 from the severities ("low", "medium", "high") of the findings."""
    raise NotImplementedError
