"""Reads for the quality pages and the API. Whoever may read a repository may read what was measured in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery

from apps.core.errors import NotFound
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.jobs.selectors import JobStatus, job_latest, job_status, job_status_latest
from apps.quality.defect_figures import defect_counts as defect_counts
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    ProposalBranch,
    QualityImprovement,
)
from apps.quality.types import CODE_SUBJECT, MEASUREMENT_SUBJECT, PROPOSAL_SUBJECT
from apps.repositories.models import Repository
from apps.repositories.selectors import files_at, head_sha

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class CoverageTrend:
    """Coverage of the measured commits, oldest first."""

    reports: tuple[CoverageReport, ...]

    @property
    def latest(self) -> CoverageReport | None:
        return self.reports[-1] if self.reports else None

    @property
    def previous(self) -> CoverageReport | None:
        return self.reports[-2] if len(self.reports) > 1 else None


def code_readable(user: User) -> QuerySet[MeasuredCode]:
    """Return the code whose measurements *user* may read; lazy, usable inside a filter."""
    return MeasuredCode.objects.filter(
        Q(revision__repository__scope__in=readable_scopes(user)) | Q(revision__isnull=True, submitted_by=user)
    )


def reviews_readable(user: User) -> QuerySet[AiCodeReview]:
    """Return the reviews *user* may read."""
    return AiCodeReview.objects.filter(code_artifact_id__in=code_readable(user).values("pk"))


def suites_readable(user: User) -> QuerySet[GeneratedTestSuite]:
    """Return the generated test suites *user* may read."""
    return GeneratedTestSuite.objects.filter(target_code_id__in=code_readable(user).values("pk"))


def improvements_readable(user: User) -> QuerySet[QualityImprovement]:
    """Return the proposals *user* may read."""
    return QualityImprovement.objects.filter(original_code_id__in=code_readable(user).values("pk"))


def coverage_readable(user: User) -> QuerySet[CoverageReport]:
    """Return the coverage reports *user* may read."""
    return CoverageReport.objects.filter(revision__repository__scope__in=readable_scopes(user))


def debt_readable(user: User) -> QuerySet[DebtAssessment]:
    """Return the debt assessments *user* may read."""
    return DebtAssessment.objects.filter(revision__repository__scope__in=readable_scopes(user))


def coverage_trend(repository: Repository, *, limit: int = 60) -> CoverageTrend:
    """
    Return the coverage of the newest measured commits of a repository the caller may read; one query.

    Of a commit with several reports it is the lowest complete one, as for gates.
    """
    of_commits = (
        CoverageReport.objects.filter(revision__repository=repository)
        .order_by("revision", "-is_complete", "line_percent", "-created_at")
        .distinct("revision")
    )
    newest = (
        CoverageReport.objects.filter(pk__in=of_commits.values("pk"))
        .select_related("revision", "uploaded_by")
        .order_by("-revision__committed_at", "-revision__seen_at")[:limit]
    )
    return CoverageTrend(tuple(reversed(newest)))


def debt_latest(repository: Repository) -> DebtAssessment | None:
    """Return the assessment of the newest assessed commit of a repository the caller may read; one query."""
    return (
        DebtAssessment.objects.filter(revision__repository=repository)
        .select_related("revision")
        .order_by("-revision__committed_at", "-revision__seen_at")
        .first()
    )


def code_of(repository: Repository) -> QuerySet[MeasuredCode]:
    """Return the code of a repository the caller may read; lazy, usable inside a filter."""
    return MeasuredCode.objects.filter(revision__repository=repository)


def texts_of(user: User) -> QuerySet[MeasuredCode]:
    """Return the texts that *user* sent without a repository, which nobody else may read; lazy."""
    return MeasuredCode.objects.filter(revision__isnull=True, submitted_by=user)


def text_get(*, user: User, text_id: Any) -> MeasuredCode:
    """
    Return a text that *user* sent without a repository.

    :raises NotFound: they sent none with this id.
    """
    found = texts_of(user).filter(pk=text_id).first()
    if found is None:
        raise NotFound("There is no such text of yours.")
    return found


def reviews_of(code: QuerySet[MeasuredCode]) -> QuerySet[AiCodeReview]:
    """Return the reviews of *code*, which the caller may read, newest first, each with its path and commit."""
    rows = AiCodeReview.objects.filter(code_artifact_id__in=code.values("pk"))
    return _with_code(rows, "code_artifact_id").order_by("-created_at", "id")


def suites_of(code: QuerySet[MeasuredCode]) -> QuerySet[GeneratedTestSuite]:
    """Return the test suites of *code*, which the caller may read, newest first, each with its path and commit."""
    rows = GeneratedTestSuite.objects.filter(target_code_id__in=code.values("pk"))
    return _with_code(rows, "target_code_id").order_by("-created_at", "id")


def proposals_of(code: QuerySet[MeasuredCode]) -> QuerySet[QualityImprovement]:
    """
    Return the proposals for *code*, which the caller may read, each with its path and commit.

    PHASE5's table has no time: they come by when their code was first looked at (``looked_at``), the latest first.
    """
    rows = QualityImprovement.objects.filter(original_code_id__in=code.values("pk"))
    return _with_code(rows, "original_code_id").order_by("-looked_at", "id")


def review_get(*, code: QuerySet[MeasuredCode], review_id: Any) -> AiCodeReview:
    """
    Return one review of *code*, which the caller may read.

    :raises NotFound: it has none with this id.
    """
    found = reviews_of(code).filter(pk=review_id).first()
    if found is None:
        raise NotFound("There is no such review.")
    return found


def suite_get(*, code: QuerySet[MeasuredCode], suite_id: Any) -> GeneratedTestSuite:
    """
    Return one test suite of *code*, which the caller may read.

    :raises NotFound: it has none with this id.
    """
    found = suites_of(code).filter(pk=suite_id).first()
    if found is None:
        raise NotFound("There is no such test suite.")
    return found


def proposal_get(*, code: QuerySet[MeasuredCode], proposal_id: Any) -> QualityImprovement:
    """
    Return one proposal for *code*, which the caller may read, with the text it is for (``text``).

    :raises NotFound: it has none with this id.
    """
    text = MeasuredCode.objects.filter(pk=OuterRef("original_code_id")).values("text")[:1]
    found = proposals_of(code).annotate(text=Subquery(text)).filter(pk=proposal_id).first()
    if found is None:
        raise NotFound("There is no such proposal.")
    return found


def repository_of_proposal(proposal: QualityImprovement) -> Repository | None:
    """Return the repository of a proposal that the caller may read, with its scope; None for a person's text."""
    code = MeasuredCode.objects.filter(pk=proposal.original_code_id, revision__isnull=False)
    return Repository.objects.filter(revisions__in=code.values("revision")).select_related("scope").first()


def branch_of(proposal: QualityImprovement) -> ProposalBranch | None:
    """Return the branch that a proposal, which the caller may read, is applied on, with its base and who applied it."""
    return ProposalBranch.objects.filter(improvement=proposal).select_related("base", "applied_by").first()


def proposal_job_latest(*, proposal: QualityImprovement, user: User) -> JobStatus | None:
    """Return the newest application or removal of a proposal, which *user* may read, if there was one."""
    job = job_latest(subject_kind=PROPOSAL_SUBJECT, subject_id=proposal.pk)
    return None if job is None else job_status(job=job, user=user)


def measurement_latest(*, repository: Repository, kind: str, user: User) -> JobStatus | None:
    """Return the newest measurement of this kind in a repository the caller may read, if there was one."""
    revisions = repository.revisions.values("pk")
    return job_status_latest(kind=kind, subject_kind=MEASUREMENT_SUBJECT, subject_ids=revisions, user=user)


def code_job_latest(*, kind: str, code: QuerySet[MeasuredCode], user: User) -> JobStatus | None:
    """Return the newest review, suite or proposal (*kind*) for *code*, which *user* may read, if there was one."""
    return job_status_latest(kind=kind, subject_kind=CODE_SUBJECT, subject_ids=code.values("pk"), user=user)


def python_paths(repository: Repository) -> list[str]:
    """
    Return the Python files at the head of the default branch.

    :raises RepositoryEmpty: there is no commit.
    :raises RepositoryUnavailable: it cannot be opened.
    """
    return sorted(files_at(repository, head_sha(repository)))


def _with_code(rows: QuerySet[Row], column: str) -> QuerySet[Row]:
    code = MeasuredCode.objects.filter(pk=OuterRef(column))
    return rows.annotate(
        path=Subquery(code.values("path")[:1]),
        sha=Subquery(code.values("revision__sha")[:1]),
        looked_at=Subquery(code.values("created_at")[:1]),
    )
