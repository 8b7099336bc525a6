"""Jobs of architecture evolution."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound
from apps.core.ids import format_id
from apps.evolution.services import snapshot_take
from apps.evolution.types import ANALYSIS_JOB, ANALYSIS_SUBJECT
from apps.governance.models import User
from apps.jobs.services import JobRun, job_handler, job_subject_access
from apps.repositories.models import Revision
from apps.repositories.selectors import revisions_readable


@job_handler(ANALYSIS_JOB, timeout_s=300, max_attempts=2)
def analysis_run(run: JobRun) -> None:
    revision = Revision.objects.select_related("repository__scope").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be analysed is no longer registered.")
    run.progress("reading_imports", sha=revision.sha[:12])
    snapshot = snapshot_take(
        revision=revision,
        actor=run.job.requested_by,
        snapshot_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    metrics = snapshot.complexity_metrics or {}
    run.progress(
        "analysed",
        snapshot=format_id("snap", snapshot.pk),
        modules=metrics.get("modules"),
        cycles=metrics.get("cycles"),
    )


@job_subject_access(ANALYSIS_SUBJECT)
def revision_is_readable(user: User, revision_id: UUID) -> bool:
    return revisions_readable(user).filter(pk=revision_id).exists()
