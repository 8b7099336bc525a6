"""Start a job, stop a job, find those that were left behind."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.tasks import async_task

from apps.core.errors import NotFound, PermissionRefused
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs import ledger, registry, selectors
from apps.jobs.models import Job
from apps.jobs.runner import GRACE_SECONDS

STALE_AFTER = timedelta(seconds=30)
# A queued job that an idle queue knows nothing of was lost on the way; one in a busy queue may only be waiting.
LOST_AFTER = timedelta(seconds=15)
LOST_WHEN_BUSY_AFTER = timedelta(minutes=10)
SWEEP_LIMIT = 200

log = logging.getLogger(__name__)


@transaction.atomic
def job_enqueue(
    *,
    kind: str,
    subject_kind: str,
    subject_id: UUID,
    requested_by: User | None,
    payload: Mapping[str, Any] | None = None,
) -> Job:
    """
    Ask for a job, which starts after the caller's transaction is committed.

    While a job of this kind is queued or running for this subject, that one is returned and ``payload`` is not used.

    :raises LookupError: no installed app handles this kind.
    """
    handler = registry.handler_of(kind)
    if handler is None:
        raise LookupError(f"No installed app handles jobs of the kind {kind}.")
    active = Job.objects.filter(
        kind=kind, subject_kind=subject_kind, subject_id=subject_id, state__in=[Job.State.QUEUED, Job.State.RUNNING]
    )
    while True:
        if (known := active.first()) is not None:
            return known
        try:
            with transaction.atomic():
                job = Job.objects.create(
                    kind=kind,
                    subject_kind=subject_kind,
                    subject_id=subject_id,
                    payload=dict(payload or {}),
                    max_attempts=handler.max_attempts,
                    requested_by=requested_by,
                    sent_at=Now(),
                )
        except IntegrityError as error:
            if "jobs_job_one_active_per_subject" not in str(error):
                raise
            continue  # Another process was faster; its job is the one to return.
        job.refresh_from_db(fields=["created_at", "sent_at"])
        _send_at_commit(job)
        return job


@transaction.atomic
def job_cancel(*, job_id: UUID, actor: User) -> Job:
    """
    Ask for a job to stop, and return it.

    A queued job ends at once; a running one ends within two seconds or at its next safe place; one that has ended
    stays as it is.

    :raises NotFound: there is no such job, or the actor may not see it.
    :raises PermissionRefused: the actor may see the job but not stop it.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not (selectors.job_is_readable(actor, job) or selectors.job_is_stoppable(actor, job)):
        raise NotFound("There is no such job.")
    if not selectors.job_is_stoppable(actor, job):
        raise PermissionRefused(
            "You may not stop this job.", remedy="Ask the person who started it, or an administrator."
        )
    if ledger.end_queued(job_id, Job.State.CANCELLED) or ledger.request_cancel(job_id):
        audit_record(
            action="job.cancel", object_kind="job", object_id=job_id, actor=actor, detail={"job_kind": job.kind}
        )
    job.refresh_from_db()
    return job


@transaction.atomic
def jobs_stop(*, job_ids: Collection[UUID], message: str, remedy: str = "") -> int:
    """
    Ask for jobs to stop on the platform's own account, in the caller's transaction; return how many are told to.

    Queued ones end at once, with *message*; running ones as after ``job_cancel``. The caller writes the audit entry.
    """
    stopped = 0
    for job_id in sorted(job_ids):
        is_queued = ledger.end_queued(job_id, Job.State.CANCELLED, message=message, remedy=remedy)
        stopped += is_queued or ledger.request_cancel(job_id)
    return stopped


def jobs_sweep() -> int:
    """
    Take up the jobs that were left behind, and return how many there were.

    Running ones whose worker no longer beats are queued again, or end when they were to be stopped or have been
    tried often enough; queued ones that were lost on their way are sent again. Safe to run anywhere, any number of
    times at once.
    """
    return _take_up_abandoned() + _resend_lost()


def _take_up_abandoned() -> int:
    late = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=Now() - STALE_AFTER)
    ids = list(late.order_by("heartbeat_at").values_list("pk", flat=True)[:SWEEP_LIMIT])
    taken_up = 0
    for job_id in ids:
        try:
            taken_up += _take_up(job_id)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Another app's on_end failed. That job stays as it is; the others must not wait for its repair.
            log.exception("Job %s cannot be ended.", job_id)
    return taken_up


@transaction.atomic
def _take_up(job_id: UUID) -> bool:
    """Decide what becomes of one job that no longer beats; False when another sweep has it."""
    job = (
        Job.objects.select_for_update(skip_locked=True)
        .filter(pk=job_id, state=Job.State.RUNNING, heartbeat_at__lt=Now() - STALE_AFTER)
        .first()
    )
    if job is None or job.claim is None:
        return False
    log.warning("Job %s (%s) no longer beats after attempt %s.", job.pk, job.kind, job.attempts)
    if job.cancel_requested_at is not None:
        ledger.finish(job.pk, job.claim, Job.State.CANCELLED)
    elif job.attempts >= job.max_attempts:
        ledger.finish(
            job.pk,
            job.claim,
            Job.State.ERRORED,
            message=f"The worker died during each of {job.attempts} attempts.",
            remedy="Ask an administrator to look at the log of the workers and at the machine's memory.",
        )
    else:
        ledger.put_back(job.pk, job.claim, is_attempt_counted=True, reason="The worker stopped answering.")
        _send_at_commit(job)
    return True


@transaction.atomic
def _resend_lost() -> int:
    is_queue_idle = get_broker().queue_size() == 0
    lost = Job.objects.select_for_update(skip_locked=True).filter(
        Q(sent_at__lt=Now() - (LOST_AFTER if is_queue_idle else LOST_WHEN_BUSY_AFTER)) | Q(sent_at=None),
        state=Job.State.QUEUED,
    )
    jobs = list(lost.order_by("sent_at")[:SWEEP_LIMIT])
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(sent_at=Now())
    for job in jobs:
        _send_at_commit(job)
    return len(jobs)


def _send_at_commit(job: Job) -> None:
    handler = registry.handler_of(job.kind)
    limit = handler.timeout_s if handler is not None else int(GRACE_SECONDS)
    name = f"{job.kind} {job.pk}"

    def send() -> None:
        async_task("apps.jobs.tasks.job_run", str(job.pk), task_name=name, timeout=limit)

    # Robust: the row is the truth. If the broker cannot be reached now, the sweep sends the job later.
    transaction.on_commit(send, robust=True)
