"""Jobs of the knowledge that the tracks share."""

from __future__ import annotations

from apps.core.errors import NotFound
from apps.jobs.services import JobRun, job_handler
from apps.knowledge.services.mining import patterns_mine
from apps.knowledge.types import MINE_JOB
from apps.repositories.models import Revision

ANNOUNCED_EVERY = 20


@job_handler(MINE_JOB, timeout_s=600, max_attempts=2)
def mining_run(run: JobRun) -> None:
    revision = Revision.objects.select_related("repository__scope").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be mined is no longer registered.")

    def announce(read: int, of: int) -> None:
        run.raise_if_cancelled()
        if read % ANNOUNCED_EVERY == 0:
            run.progress("reading_files", read=read, of=of)

    run.progress("mined", structures=patterns_mine(revision=revision, announce=announce))
