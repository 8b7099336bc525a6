"""Reads for the docs pages and the API. Whoever may read a repository may read its documentation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.docs.clock_figures import ServiceClock, clocks_of
from apps.docs.models import DocumentationArtifact
from apps.docs.types import GENERATE_JOB, GENERATE_SUBJECT, VALIDATE_JOB, VALIDATE_SUBJECT
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.jobs.models import Job
from apps.jobs.selectors import JobStatus, job_status, job_status_latest
from apps.repositories.models import Repository, Revision


@dataclass(frozen=True)
class RepositoryDocs:
    """A repository, its newest page, and the newest job that wrote or writes one; each if there is one."""

    repository: Repository
    page: DocumentationArtifact | None
    job: Job | None
    clock: ServiceClock | None = None

    @property
    def state(self) -> str:
        """Return how the page stood to the code when it was last checked; ``unknown`` when it never was."""
        return page_state(self.page) if self.page else "none"

    @property
    def documented(self) -> int:
        return sum(citation["is_documented"] for citation in self.page.source.citations) if self.page else 0


def page_state(page: DocumentationArtifact) -> str:
    """Return how *page* stood to the code when it was last checked."""
    validation = page.source.validation
    return validation["state"] if validation else "unknown"


def pages_newest(repositories: Collection[Repository]) -> list[RepositoryDocs]:
    """Return each of the repositories, which the caller may read, with its newest page, job and clock; four queries."""
    job_of = _jobs_newest(repositories)  # Before what they make: a list that is behind stays live.
    newest = (
        DocumentationArtifact.objects.filter(source__revision__repository__in=repositories)
        .select_related("source__revision")
        .defer("generated_content")
        .order_by("source__revision__repository", "-last_updated", "id")
        .distinct("source__revision__repository")
    )
    page_of = {page.source.revision.repository_id: page for page in newest}
    clocks = clocks_of(repositories, now())
    return [
        RepositoryDocs(repository, page_of.get(repository.pk), job_of.get(repository.pk), clocks.get(repository.pk))
        for repository in repositories
    ]


def pages_of(repository: Repository) -> QuerySet[DocumentationArtifact]:
    """Return the pages of a repository the caller may read, newest first, with their commits and without their text."""
    return (
        DocumentationArtifact.objects.filter(source__revision__repository=repository)
        .select_related("source__revision")
        .defer("generated_content")
        .order_by("-last_updated", "id")
    )


def pages_readable(user: User) -> QuerySet[DocumentationArtifact]:
    """Return the pages *user* may read; lazy, usable inside a filter."""
    return DocumentationArtifact.objects.filter(source__revision__repository__scope__in=readable_scopes(user))


def page_get(*, user: User, page_id: UUID) -> DocumentationArtifact:
    """
    Return one page, with its repository.

    :raises NotFound: there is none that *user* may read.
    """
    found = pages_readable(user).filter(pk=page_id).select_related("source__revision__repository__scope").first()
    if found is None:
        raise NotFound("There is no such page.")
    return found


def generation_followed(*, rows: Collection[RepositoryDocs], user: User) -> tuple[Repository, JobStatus] | None:
    """
    Return the job that a list of pages shows at length, with its repository, or None where there is no job.

    It is the newest of those under way, or of all when none is.
    """
    jobs = [(row.repository, row.job) for row in rows if row.job is not None]
    if not jobs:
        return None
    repository, job = max(jobs, key=lambda pair: (not pair[1].is_ended, pair[1].created_at))
    return repository, job_status(job=job, user=user)


def check_latest(*, page_id: UUID, user: User) -> JobStatus | None:
    """Return the newest check of a page that *user* may read, if there was one."""
    return job_status_latest(kind=VALIDATE_JOB, subject_kind=VALIDATE_SUBJECT, subject_ids=[page_id], user=user)


def _jobs_newest(repositories: Collection[Repository]) -> dict[UUID, Job]:
    """Return the newest job that writes a page, by repository; one query."""
    revisions = Revision.objects.filter(repository__in=repositories)
    jobs = (
        Job.objects.filter(kind=GENERATE_JOB, subject_kind=GENERATE_SUBJECT, subject_id__in=revisions.values("pk"))
        .annotate(repository_id=Subquery(revisions.filter(pk=OuterRef("subject_id")).values("repository_id")[:1]))
        .order_by("repository_id", "-created_at", "id")
        .distinct("repository_id")
    )
    return {job.repository_id: job for job in jobs}
