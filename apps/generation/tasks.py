"""Jobs of the generation track."""

from __future__ import annotations

from uuid import UUID

from apps.generation.models import GenerationRun, SpecificationReading
from apps.generation.services import delivery, grafts, measuring, pipeline, second_reading
from apps.generation.services.gate_jobs import GATES_JOB, GRAFT_JOB
from apps.generation.services.permits import run_refusal
from apps.generation.services.reviews import DELIVERY_JOB
from apps.generation.services.submission import RUN_JOB
from apps.generation.services.tripwires import SUBJECT as TRIPWIRES_SUBJECT
from apps.generation.services.tripwires import TRIPWIRES_JOB, tripwires_due
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import can, readable_scopes
from apps.governance.selectors.ladder import rungs_readable
from apps.governance.services import tripwires_check
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.jobs.services import JobRun, job_handler, job_subject_access, job_subject_stop


def run_ended(job: Job) -> None:
    """Tell the request how its generation ended."""
    refusal = run_refusal(job.subject_id) if job.state == Job.State.CANCELLED else None
    if refusal is not None:
        # It can be started again once generation is resumed.
        pipeline.run_end(request_id=job.subject_id, status=Status.FAILED, failure=refusal.reason, remedy=refusal.remedy)
    elif job.state == Job.State.CANCELLED:
        pipeline.run_end(request_id=job.subject_id, status=Status.CANCELLED)
    elif job.state in {Job.State.FAILED, Job.State.ERRORED}:
        pipeline.run_end(
            request_id=job.subject_id, status=Status.FAILED, failure=job.error_message, remedy=job.error_remedy
        )


def graft_ended(job: Job) -> None:
    """Say of a candidate that was put together by hand why it could not be checked."""
    if job.state != Job.State.SUCCEEDED:
        grafts.grafts_end(request_id=job.subject_id, reason=job.error_message)


@job_handler(GRAFT_JOB, timeout_s=900, on_end=graft_ended)
def generation_graft(run: JobRun) -> None:
    grafts.grafts_check(job=run, request_id=run.job.subject_id)


def delivery_ended(job: Job) -> None:
    """Tell the request how its delivery ended."""
    if job.state != Job.State.SUCCEEDED:
        delivery.delivery_end(request_id=job.subject_id, failure=job.error_message, remedy=job.error_remedy)


@job_handler(RUN_JOB, timeout_s=3600, on_end=run_ended)
def generation_run(run: JobRun) -> None:
    pipeline.run_generate(job=run, request_id=run.job.subject_id)


@job_handler(DELIVERY_JOB, timeout_s=900, on_end=delivery_ended)
def generation_deliver(run: JobRun) -> None:
    delivery.request_deliver(job=run, request_id=run.job.subject_id)


def reading_ended(job: Job) -> None:
    """Tell a reading why there will be no answer."""
    if job.state != Job.State.SUCCEEDED:
        problem = "It was stopped." if job.state == Job.State.CANCELLED else job.error_message
        second_reading.reading_end(reading_id=job.subject_id, problem=problem)


@job_handler(second_reading.READING_JOB, timeout_s=360, on_end=reading_ended)
def specification_read(run: JobRun) -> None:
    second_reading.reading_run(job=run, reading_id=run.job.subject_id)


@job_subject_access(second_reading.READING_SUBJECT)
def reading_is_readable(user: User, reading_id: UUID) -> bool:
    return SpecificationReading.objects.filter(pk=reading_id, author=user).exists()


@job_subject_stop(second_reading.READING_SUBJECT)
def reading_is_stoppable(user: User, reading_id: UUID) -> bool:
    return reading_is_readable(user, reading_id)


@job_handler(TRIPWIRES_JOB, timeout_s=600, due=tripwires_due)
def tripwires_read(run: JobRun) -> None:
    tripwires_check(rung_id=run.job.subject_id)


@job_subject_access(TRIPWIRES_SUBJECT)
def tripwires_are_readable(user: User, rung_id: UUID) -> bool:
    return rungs_readable(user).filter(pk=rung_id).exists()


@job_handler(GATES_JOB, timeout_s=900)
def generation_gates(run: JobRun) -> None:
    measuring.run_measure(job=run, request_id=run.job.subject_id, everyone=bool(run.job.payload.get("everyone")))


@job_subject_access("request")
def request_is_readable(user: User, request_id: UUID) -> bool:
    return GenerationRun.objects.filter(pk=request_id, repository__scope__in=readable_scopes(user)).exists()


@job_subject_stop("request")
def request_is_stoppable(user: User, request_id: UUID) -> bool:
    run = GenerationRun.objects.select_related("repository__scope").filter(pk=request_id).first()
    return run is not None and can(user, Action.REQUEST_STOP, run.repository.scope)
