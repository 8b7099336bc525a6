"""The jobs that write down what people vote on while they review it; light, since it is loaded with Django."""

from __future__ import annotations

from uuid import UUID

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository

GATES_JOB, GRAFT_JOB = "generation.gates", "generation.graft"


def evidence_is_changing(run: GenerationRun) -> bool:
    """Return whether a job is still to write down something that a vote on *run* is about; one query."""
    jobs = Job.objects.filter(subject_kind=SUBJECT_KIND, subject_id=run.pk, kind__in=(GATES_JOB, GRAFT_JOB))
    return jobs.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists()


def gates_enqueue(request_id: UUID, actor: User | None, *, everyone: bool = False) -> Job:
    """
    Have what is asked of the candidates of a request measured; what was measured is left alone.

    With *everyone* the tests of each candidate are run, which otherwise are run for the one up for approval.
    """
    return job_enqueue(
        kind=GATES_JOB,
        subject_kind=SUBJECT_KIND,
        subject_id=request_id,
        requested_by=actor,
        payload={"everyone": True} if everyone else None,
    )


def policy_renew(repository: Repository, actor: User | None) -> None:
    """Have what waits for reviewers in *repository* held against its new policy; until then it cannot be approved."""
    waiting = GenerationRun.objects.filter(repository=repository, request__status=Status.IN_REVIEW)
    for request_id in waiting.order_by("pk").values_list("pk", flat=True):
        gates_enqueue(request_id, actor)
