"""Take a request that was in review, or failed, back to the queue, where models are asked once more."""

from __future__ import annotations

from apps.generation.models import CodeGenerationConsensus, GenerationRun
from apps.generation.services.canaries import canary_withdraw
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.services.stages import StateChanged, stages_begin_again, status_change
from apps.generation.services.submission import RUN_JOB
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.services import ballots_void
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue

ASKED_AGAIN = (Status.IN_REVIEW, Status.FAILED)


def ask_again(run: GenerationRun, actor: User, reason: str) -> None:
    """
    Queue *run* within the caller's transaction, which holds its request.

    Nothing is up for approval until the new answers are there; verdicts that were cast are void for *reason*.

    :raises StateChanged: it is neither in review nor did it fail, or its last job has not quite ended.
    """
    ballots_void(subject_kind=SUBJECT_KIND, subject_id=run.pk, new_digest="", reason=reason)
    canary_withdraw(run)
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(
        selected_implementation=None, consensus_score=None, voting_details=None
    )
    stages_begin_again(run=run)
    status_change(run=run, allowed=ASKED_AGAIN, to=Status.QUEUED)
    run.failure, run.remedy, run.review_digest = "", "", ""
    run.job = job_enqueue(kind=RUN_JOB, subject_kind=SUBJECT_KIND, subject_id=run.pk, requested_by=actor)
    if run.job.state == Job.State.RUNNING:
        # It would end without looking at the request again.
        raise StateChanged("Its models have only just answered.", remedy="Try again in a moment.")
    run.save(update_fields=["failure", "remedy", "review_digest", "job"])
