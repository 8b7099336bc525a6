"""
Technical debt in minutes: what it would take to bring a file to the house's standard.

The ratio follows the SQALE method as SonarQube publishes it: remediation time over the time it would take to write
the code again, at 30 minutes a line; its ratings A to E end at 5, 10, 20 and 50 %.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.checks.types import Finding, FunctionComplexity, Severity
from apps.quality.engine.scoring import COMPLEX_FROM
from apps.quality.engine.syntax import SyntaxFacts

MINUTES_PER_LINE = 30
FINDING_MINUTES: Mapping[Severity, int] = {"low": 2, "medium": 10, "high": 30}
SPLIT_MINUTES = 5
MINUTES_PER_BRANCH = 2
DOCSTRING_MINUTES = 5
TEST_MINUTES = 10
RATING_LIMITS = (0.05, 0.10, 0.20, 0.50)
KINDS = ("complexity", "findings", "docstrings", "tests")


@dataclass(frozen=True)
class FileFacts:
    """What is known about one file before it is judged."""

    path: str
    syntax: SyntaxFacts
    functions: Sequence[FunctionComplexity]
    findings: Sequence[Finding]
    touches: int
    is_test: bool


@dataclass(frozen=True)
class FileDebt:
    """``minutes`` by kind; ``touches`` are the commits of the last 90 days that changed the file: the interest paid."""

    path: str
    code_lines: int
    highest_complexity: int
    minutes_by_kind: Mapping[str, int]
    touches: int

    @property
    def minutes(self) -> int:
        return sum(self.minutes_by_kind.values())

    @property
    def ratio(self) -> float:
        return self.minutes / (MINUTES_PER_LINE * max(self.code_lines, 1))

    @property
    def rating(self) -> str:
        return rating(self.ratio)


def rating(ratio: float) -> str:
    """Return A (at most 5 %) to E (over 50 %)."""
    return "ABCDE"[sum(ratio > limit for limit in RATING_LIMITS)]


def assess_file(facts: FileFacts, tested_names: Collection[str]) -> FileDebt:
    """
    Return the debt of one file.

    ``tested_names`` are the names that the repository's tests mention: a public function that none of them mentions
    lacks a test. Tests owe neither docstrings nor tests of themselves.
    """
    complexity = sum(
        SPLIT_MINUTES + MINUTES_PER_BRANCH * (function.complexity - COMPLEX_FROM + 1)
        for function in facts.functions
        if function.complexity >= COMPLEX_FROM
    )
    minutes = {
        "complexity": complexity,
        "findings": sum(FINDING_MINUTES[finding.severity] for finding in facts.findings),
        "docstrings": 0,
        "tests": 0,
    }
    if not facts.is_test:
        public = facts.syntax.definitions
        undocumented = sum(not definition.has_docstring for definition in public)
        undocumented += bool(public) and not facts.syntax.has_docstring
        untested = sum(
            definition.is_function and definition.name.rpartition(".")[2] not in tested_names for definition in public
        )
        minutes |= {"docstrings": DOCSTRING_MINUTES * undocumented, "tests": TEST_MINUTES * untested}
    return FileDebt(
        path=facts.path,
        code_lines=facts.syntax.code_lines,
        highest_complexity=max((function.complexity for function in facts.functions), default=0),
        minutes_by_kind=minutes,
        touches=facts.touches,
    )


def assess(files: Iterable[FileFacts]) -> list[FileDebt]:
    """Return the debt of every file, the largest first, ties by path."""
    known = list(files)
    tested = frozenset().union(*(facts.syntax.names for facts in known if facts.is_test))
    return sorted((assess_file(facts, tested) for facts in known), key=lambda debt: (-debt.minutes, debt.path))


def total_ratio(files: Iterable[FileDebt]) -> float:
    """Return the debt ratio of files taken together; 0 for none."""
    known = list(files)
    lines = sum(debt.code_lines for debt in known)
    return sum(debt.minutes for debt in known) / (MINUTES_PER_LINE * lines) if lines else 0.0
