"""Reads of the job ledger, with the rule of who may see a job."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.jobs import registry
from apps.jobs.models import Job, JobEvent


@dataclass(frozen=True)
class JobStatus:
    """One job as a page shows it to one person."""

    job: Job
    state: str
    stage: str
    elapsed: str
    is_stoppable: bool


def job_is_readable(user: User, job: Job) -> bool:
    """Whether ``user`` may see ``job``: as its subject's own rule says, else only when they asked for it."""
    if not user.is_active:
        return False
    check = registry.read_check_of(job.subject_kind)
    if check is not None:
        return check(user, job.subject_id)
    return job.requested_by_id == user.pk


def job_is_stoppable(user: User, job: Job) -> bool:
    """Whether ``user`` may stop ``job``: who asked for it, an administrator, or whom its subject's rule names."""
    if not user.is_active:
        return False
    if user.is_superuser or job.requested_by_id == user.pk:
        return True
    check = registry.stop_check_of(job.subject_kind)
    return check is not None and check(user, job.subject_id)


def job_get(*, job_id: UUID, user: User) -> Job:
    """
    Return the job if ``user`` may see it.

    :raises NotFound: there is no such job, or they may not.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not job_is_readable(user, job):
        raise NotFound("There is no such job.")
    return job


def jobs_visible_to(user: User, *, limit: int = 50) -> list[Job]:
    """Return the newest jobs that ``user`` asked for and may still see; others' are on their subjects' pages."""
    newest = Job.objects.filter(requested_by=user).order_by("-created_at", "id")[:limit]
    return [job for job in newest if job_is_readable(user, job)]


def job_latest(*, subject_kind: str, subject_id: UUID, kind: str | None = None) -> Job | None:
    """Return the newest job of a subject, of one kind if given. The caller has decided who may see the subject."""
    jobs = Job.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    if kind is not None:
        jobs = jobs.filter(kind=kind)
    return jobs.order_by("-created_at", "id").first()


def jobs_of(*, subject_kind: str, subject_id: UUID) -> list[Job]:
    """Return all jobs of a subject, oldest first. The caller has decided who may see the subject."""
    return list(Job.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("created_at", "id"))


def jobs_ahead(job: Job) -> dict[str, int]:
    """Return, by kind, how many jobs run now or were queued before *job* and wait; one query."""
    before = Q(state=Job.State.QUEUED, created_at__lt=job.created_at) | Q(state=Job.State.RUNNING)
    counted = Job.objects.filter(before).exclude(pk=job.pk).values("kind").annotate(count=Count("pk"))
    return {row["kind"]: row["count"] for row in counted.order_by("kind")}


def events_since(*, job_id: UUID, sequence: int, limit: int = 500) -> list[JobEvent]:
    """Return at most ``limit`` events of a job after number ``sequence``, in order."""
    return list(JobEvent.objects.filter(job_id=job_id, sequence__gt=sequence).order_by("sequence")[:limit])


def job_status(*, job: Job, user: User) -> JobStatus:
    """Return what ``templates/jobs/status.html`` shows of a job that ``user`` may see."""
    is_stopping = job.cancel_requested_at is not None and not job.is_ended
    begin = job.created_at if job.started_at is None else job.started_at
    return JobStatus(
        job=job,
        state="cancelling" if is_stopping else job.state,
        stage="" if job.is_ended else str(job.progress.get("stage", "")).replace("_", " "),
        elapsed=_in_words((job.finished_at or now()) - begin),
        is_stoppable=not job.is_ended and not is_stopping and job_is_stoppable(user, job),
    )


def job_status_latest(
    *, kind: str, subject_kind: str, subject_ids: Collection[UUID] | QuerySet[Any, Any], user: User
) -> JobStatus | None:
    """
    Return the newest job of a kind about one of these subjects as ``user`` sees it, or None; one query.

    ``subject_ids`` are keys, or a query for them. The caller has decided that ``user`` may see all of the subjects.
    """
    jobs = Job.objects.filter(kind=kind, subject_kind=subject_kind, subject_id__in=subject_ids)
    job = jobs.order_by("-created_at", "id").first()
    return None if job is None else job_status(job=job, user=user)


def _in_words(time: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(time.total_seconds())), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
