"""The tables of the quality pages as rows for a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from apps.core.exports import Row
from apps.quality.engine.coverage import blocks_text
from apps.quality.models import AiCodeReview, GeneratedTestSuite, MeasuredCode
from apps.quality.proposals import Proposal
from apps.quality.selectors import CoverageTrend, debt_latest, proposals_of, reviews_of, suites_of
from apps.repositories.models import Repository


def coverage_rows(trend: CoverageTrend) -> Iterator[Row]:
    """Yield the files of every measured commit."""
    yield ("commit", "committed_at", "path", "statements", "line_percent", "branches", "missing_branches", "uncovered")
    for report in trend.reports:
        revision = report.revision
        for file in report.files:
            yield (
                *(revision.sha, revision.committed_at.isoformat(), file["path"], file["statements"]),
                *(file["line_percent"], file["branches"], file["missing_branches"], blocks_text(file["missing_lines"])),
            )


def debt_rows(repository: Repository) -> Iterator[Row]:
    """Yield the files of the newest assessment."""
    yield ("commit", "path", "minutes", "complexity", "findings", "docstrings", "tests", "lines", "changes", "rating")
    assessment = debt_latest(repository)
    for file in assessment.files if assessment else ():
        kinds = file["minutes_by_kind"]
        yield (
            *(assessment.revision.sha if assessment else "", file["path"], file["minutes"]),
            *(kinds["complexity"], kinds["findings"], kinds["docstrings"], kinds["tests"]),
            *(file["code_lines"], file["touches"], file["rating"]),
        )


def review_rows(code: QuerySet[MeasuredCode]) -> Iterator[Row]:
    """Yield every finding of every review."""
    yield ("review", "created_at", "type", "path", "line", "severity", "tool", "rule", "message")
    rows: Iterable[AiCodeReview] = reviews_of(code).iterator(chunk_size=200)
    for review in rows:
        for finding in review.findings:
            yield (
                *(review.pk, _time(review), review.review_type, finding["path"], finding["line"]),
                *(finding["severity"], finding["tool"], finding["rule"], finding["message"]),
            )


def suite_rows(code: QuerySet[MeasuredCode]) -> Iterator[Row]:
    """Yield every generated suite."""
    yield ("suite", "created_at", "path", "type", "coverage", "edge_cases", "passed", "failed")
    rows: Iterable[Any] = suites_of(code).iterator(chunk_size=200)
    for suite in rows:
        results = suite.execution_results or {}
        yield (
            *(suite.pk, _time(suite), suite.path, suite.test_type, suite.coverage_achieved, suite.edge_cases_found),
            *(results.get("passed"), results.get("failed")),
        )


def proposal_rows(code: QuerySet[MeasuredCode]) -> Iterator[Row]:
    """Yield every proposal."""
    yield ("proposal", "first_looked_at", "path", "commit", "kind", "improvement_percent", "fixes", "state")
    rows: Iterable[Any] = proposals_of(code).iterator(chunk_size=200)
    for row in rows:
        proposal = Proposal(row)
        yield (
            *(row.pk, row.looked_at.isoformat(), row.path, row.sha, proposal.kind),
            *(row.improvement_percentage, len(proposal.fixes), proposal.state),
        )


def _time(row: AiCodeReview | GeneratedTestSuite) -> str:
    return row.created_at.isoformat() if row.created_at else ""
