"""Follows the code: a commit that was indexed is held against the documentation, too."""

from __future__ import annotations

from apps.docs.models import DocumentationSource
from apps.docs.services import observation_start
from apps.jobs.models import Job
from apps.repositories.models import Revision
from apps.repositories.types import INDEX_JOB


def indexed_observe(job: Job, **_: object) -> None:
    """Ask for the pages of the repository to be held against its new commits, where it has pages."""
    if job.kind != INDEX_JOB:
        return
    revision = Revision.objects.select_related("repository").filter(pk=job.subject_id).first()
    if revision is not None and DocumentationSource.objects.filter(revision__repository=revision.repository).exists():
        observation_start(repository=revision.repository, requested_by=job.requested_by)
