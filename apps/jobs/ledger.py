"""
The only writes to a job's state. Each is conditional on the state, or the claim, it starts from.

All times are the database's, so that machines whose clocks differ agree on who is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.jobs import registry
from apps.jobs.events import event_append
from apps.jobs.models import Job
from apps.jobs.types import ClaimLost


@transaction.atomic
def claim(job_id: UUID, claim_id: UUID) -> Job | None:
    """Make a queued job this worker's own and return it; None when another has it or it has ended."""
    is_ours = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING,
        claim=claim_id,
        attempts=F("attempts") + 1,
        started_at=Now(),
        heartbeat_at=Now(),
    )
    if not is_ours:
        return None
    job = Job.objects.get(pk=job_id)
    job.sequence = event_append(job_id, "started", {"attempt": job.attempts})
    return job


def beat(job_id: UUID, claim_id: UUID) -> None:
    """
    Say that the worker lives.

    :raises ClaimLost: the job is no longer this worker's.
    """
    if not _owned(job_id, claim_id).update(heartbeat_at=Now()):
        raise ClaimLost


def is_cancel_requested(job_id: UUID, claim_id: UUID) -> bool:
    """
    Return whether a person asked for this running job to stop.

    :raises ClaimLost: the job is no longer this worker's.
    """
    requested = _owned(job_id, claim_id).values_list("cancel_requested_at", flat=True).first()
    if requested is None and not _owned(job_id, claim_id).exists():
        raise ClaimLost
    return requested is not None


@transaction.atomic
def progress(job_id: UUID, claim_id: UUID, stage: str, data: Mapping[str, Any]) -> int:
    """
    Record one step of a running job and return its number.

    :raises ClaimLost: the job is no longer this worker's.
    """
    beat(job_id, claim_id)
    return event_append(job_id, stage, data, becomes_progress=True)


@transaction.atomic
def finish(job_id: UUID, claim_id: UUID, state: str, *, message: str = "", remedy: str = "") -> None:
    """
    End a running job; ending it again changes nothing.

    :raises ClaimLost: the job is another worker's.
    """
    if _end(_owned(job_id, claim_id), job_id, state, message, remedy):
        return
    if not Job.objects.filter(pk=job_id, claim=claim_id, state__in=Job.ENDED).exists():
        raise ClaimLost


@transaction.atomic
def end_queued(job_id: UUID, state: str, *, message: str = "", remedy: str = "") -> bool:
    """End a job that no worker has; return whether it was still queued."""
    return _end(Job.objects.filter(pk=job_id, state=Job.State.QUEUED), job_id, state, message, remedy)


@transaction.atomic
def request_cancel(job_id: UUID) -> bool:
    """Ask the worker of a running job to stop; return whether this was the first time."""
    running = Job.objects.filter(pk=job_id, state=Job.State.RUNNING, cancel_requested_at=None)
    if not running.update(cancel_requested_at=Now()):
        return False
    event_append(job_id, "cancel_requested", {})
    return True


@transaction.atomic
def put_back(job_id: UUID, claim_id: UUID, *, is_attempt_counted: bool, reason: str) -> bool:
    """Return a running job to the queue; return whether it was still held by ``claim_id``."""
    changes: dict[str, Any] = {"state": Job.State.QUEUED, "claim": None, "heartbeat_at": None, "sent_at": Now()}
    if not is_attempt_counted:
        changes["attempts"] = F("attempts") - 1
    if not _owned(job_id, claim_id).update(**changes):
        return False
    event_append(job_id, "requeued", {"reason": reason})
    return True


def _owned(job_id: UUID, claim_id: UUID) -> Any:
    return Job.objects.filter(pk=job_id, claim=claim_id, state=Job.State.RUNNING)


def _end(jobs: Any, job_id: UUID, state: str, message: str, remedy: str) -> bool:
    error = "\n".join(" ".join(part.split()) for part in (message, remedy) if part)
    if not jobs.update(state=state, finished_at=Now(), error=error):
        return False
    event_append(job_id, state, {"message": message, "remedy": remedy} if message else {})
    job = Job.objects.get(pk=job_id)
    handler = registry.handler_of(job.kind)
    if handler is not None and handler.on_end is not None:
        handler.on_end(job)
    return True
