"""Jobs of registered code."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound
from apps.governance.models import User
from apps.jobs.services import JobRun, job_handler, job_subject_access
from apps.repositories.models import Revision
from apps.repositories.selectors import revisions_readable
from apps.repositories.services import index_forget, revision_index, revision_lineage
from apps.repositories.types import INDEX_JOB, LINEAGE_JOB, REVISION_SUBJECT


@job_handler(INDEX_JOB, timeout_s=1800)
def index_run(run: JobRun) -> None:
    revision = _revision(run)

    def announce(read: int, of: int) -> None:
        run.raise_if_cancelled()
        run.progress("reading_files", read=read, of=of)

    if run.job.payload.get("is_anew"):
        index_forget(repository=revision.repository)
    index = revision_index(revision=revision, announce=announce)
    run.progress("indexed", files=index.file_count, symbols=index.symbol_count, unchanged=index.reused)


@job_handler(LINEAGE_JOB, timeout_s=1800)
def lineage_run(run: JobRun) -> None:
    def announce(done: int, of: int) -> None:
        run.raise_if_cancelled()
        run.progress("following_lines", done=done, of=of)

    lineage = revision_lineage(revision=_revision(run), announce=announce)
    if lineage is None:
        run.progress("elsewhere")
    else:
        run.progress("followed", ai=lineage.ai_lines, human=lineage.human_lines, mixed=lineage.mixed_lines)


def _revision(run: JobRun) -> Revision:
    revision = Revision.objects.select_related("repository").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit of this job is no longer registered.")
    return revision


@job_subject_access(REVISION_SUBJECT)
def revision_is_readable(user: User, revision_id: UUID) -> bool:
    return revisions_readable(user).filter(pk=revision_id).exists()
