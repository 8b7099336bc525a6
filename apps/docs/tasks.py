"""Jobs of documentation."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound
from apps.core.ids import format_id
from apps.docs.models import DocumentationArtifact
from apps.docs.selectors import page_state, pages_readable
from apps.docs.services import documentation_generate, documentation_observe, documentation_validate
from apps.docs.types import GENERATE_JOB, GENERATE_SUBJECT, OBSERVE_JOB, VALIDATE_JOB, VALIDATE_SUBJECT
from apps.governance.models import User
from apps.jobs.services import JobRun, job_handler, job_subject_access
from apps.repositories.models import Revision
from apps.repositories.selectors import revisions_readable


@job_handler(GENERATE_JOB, timeout_s=300, max_attempts=2)
def generation_run(run: JobRun) -> None:
    revision = Revision.objects.select_related("repository__scope").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be documented is no longer registered.")
    run.progress("reading_code", sha=revision.sha[:12])
    page = documentation_generate(revision=revision, actor=run.job.requested_by, before_save=run.raise_if_cancelled)
    run.progress("written", page=format_id("page", page.pk))


@job_handler(VALIDATE_JOB, timeout_s=300, max_attempts=2)
def validation_run(run: JobRun) -> None:
    page = DocumentationArtifact.objects.filter(pk=run.job.subject_id).first()
    if page is None:
        raise NotFound("The page that was to be checked is no longer there.")
    run.progress("comparing_with_the_code")
    checked = documentation_validate(artifact=page, actor=run.job.requested_by, before_save=run.raise_if_cancelled)
    run.progress("checked", page=format_id("page", page.pk), state=page_state(checked))


@job_handler(OBSERVE_JOB, timeout_s=900, max_attempts=2)
def observation_run(run: JobRun) -> None:
    revision = Revision.objects.select_related("repository").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be looked at is no longer registered.")
    run.progress("comparing_with_the_code")
    run.progress("checked", observations=documentation_observe(repository=revision.repository))


@job_subject_access(GENERATE_SUBJECT)
def revision_is_readable(user: User, revision_id: UUID) -> bool:
    return revisions_readable(user).filter(pk=revision_id).exists()


@job_subject_access(VALIDATE_SUBJECT)
def page_is_readable(user: User, page_id: UUID) -> bool:
    return pages_readable(user).filter(pk=page_id).exists()
