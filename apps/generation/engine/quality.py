"""Two scores of a candidate, with their formulae, that fit DECIMAL(3,2)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from apps.generation.engine.source.syntax import parsed

_CENT = Decimal("0.01")
_CHECK_POINTS = {"passed": 1.0, "failed": 0.0, "error": 0.0}
_FINDING_COST = {"low": 0.01, "medium": 0.04, "high": 0.10}
_SECURITY_COST = {"low": 0.05, "medium": 0.20, "high": 0.50}
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert, ast.comprehension)


@dataclass(frozen=True, slots=True)
class CodeMeasures:
    """Lines that hold code, and the largest McCabe complexity of a function (1 when there is none)."""

    lines: int
    complexity: int


def measure_code(code: str) -> CodeMeasures:
    """
    Measure *code*; lines of comments, docstrings and white space do not count.

    Complexity is McCabe's (IEEE TSE 1976), one plus the decisions, for the worst function.
    """
    tree = parsed(code)
    if tree is None:
        return CodeMeasures(sum(1 for line in code.splitlines() if line.strip()), 1)
    statements = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return CodeMeasures(
        len({node.lineno for node in statements}), max((_complexity(function) for function in functions), default=1)
    )


def _complexity(function: ast.AST) -> int:
    nodes = list(ast.walk(function))
    decisions = sum(isinstance(node, _BRANCHES) for node in nodes)
    decisions += sum(len(node.values) - 1 for node in nodes if isinstance(node, ast.BoolOp))
    return 1 + decisions + sum(len(node.cases) for node in nodes if isinstance(node, ast.Match))


def quality_score(
    *,
    checks: Mapping[str, str],
    findings: Iterable[str] = (),
    lines: int,
    complexity: int,
    examples_passed: int = 0,
    examples_total: int = 0,
) -> Decimal:
    """
    Return quality from 0.00 to 1.00.

    ``0.4 * checks + 0.3 * examples + 0.2 * simplicity + 0.1 * brevity - findings``, where *checks* is the share of
    tools that passed (a tool that could not run counts as not passed, error never counts as pass; none run gives 0);
    *examples* the share that pass (0.5 without any: nothing is known); simplicity 1 up to complexity 5, falling to 0
    at 25; brevity 1 up to 40 lines, falling to 0 at 400; each finding costs 0.01, 0.04 or 0.10 by severity, together
    at most 0.30.

    :param checks: tool -> "passed", "failed" or "error".
    :param findings: severities, "low", "medium" or "high".
    """
    passed = sum(_CHECK_POINTS[status] for status in checks.values()) / len(checks) if checks else 0.0
    examples = examples_passed / examples_total if examples_total else 0.5
    cost = min(0.30, sum(_FINDING_COST[severity] for severity in findings))
    simplicity, brevity = _falling(complexity, 5, 25), _falling(lines, 40, 400)
    return _decimal(0.4 * passed + 0.3 * examples + 0.2 * simplicity + 0.1 * brevity - cost)


def security_score(severities: Iterable[str]) -> Decimal:
    """
    Return security from 0.00 to 1.00: ``(1 - 0.05)**low * (1 - 0.2)**medium * (1 - 0.5)**high`` over the findings.

    It starts at 1.00 and never rises with a finding; a score says what was found, not that nothing else is there.
    """
    score = 1.0
    for severity in severities:
        score *= 1 - _SECURITY_COST[severity]
    return _decimal(score)


def _falling(value: float, full: float, none: float) -> float:
    return max(0.0, min(1.0, (none - value) / (none - full)))


def _decimal(score: float) -> Decimal:
    return Decimal(str(max(0.0, min(1.0, score)))).quantize(_CENT, rounding=ROUND_HALF_EVEN)
