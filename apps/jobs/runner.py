"""One attempt at one job: claimed, kept alive, done, ended."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django_q.exceptions import TimeoutException

from apps.core.errors import NofxError
from apps.jobs import cluster, ledger, registry
from apps.jobs.models import Job
from apps.jobs.signals import attempt_ended
from apps.jobs.types import ClaimLost, JobCancelled, WorkerStopping

BEAT_SECONDS = 5.0
CHECK_SECONDS = 1.0
# Past its time limit a job gets this long to end; then it stops beating and is another worker's to take.
GRACE_SECONDS = 10.0
# A job that was told to stop gets this long to come to a safe place; then its worker is ended.
STOP_SECONDS = 12.0

log = logging.getLogger(__name__)


class JobRun:
    """A handler's view of its job. All methods may be called from any thread of the handler."""

    def __init__(self, job: Job, claim_id: UUID) -> None:
        self.job = job
        self._claim_id = claim_id
        self._cancelled = threading.Event()
        self._lost = threading.Event()

    def progress(self, stage: str, **data: Any) -> int:
        """
        Record a step, announce it to open pages when it is committed, and return its number.

        ``data`` must be JSON and small. Inside a transaction of the handler the step is part of that transaction,
        which then holds the job's row: keep such a transaction short, for stopping and beating wait for it.

        :raises ClaimLost: the job belongs to another worker now; let it pass.
        """
        return ledger.progress(self.job.pk, self._claim_id, stage, data)

    def is_cancelled(self) -> bool:
        """Whether the work should stop: a person asked for it, or it is no longer ours. Cheap; at most 1 s late."""
        return self._cancelled.is_set() or self._lost.is_set()

    def raise_if_cancelled(self) -> None:
        """
        Stop here if the work should stop.

        :raises JobCancelled: a person asked for it; let it pass after leaving things in order.
        :raises ClaimLost: the job belongs to another worker now; let it pass.
        """
        if self._lost.is_set():
            raise ClaimLost
        if self._cancelled.is_set():
            raise JobCancelled

    def look(self) -> None:
        """Ask the ledger whether the job was cancelled or lost; the heartbeat does so every second."""
        try:
            if ledger.is_cancel_requested(self.job.pk, self._claim_id):
                self._cancelled.set()
        except ClaimLost:
            self._lost.set()


class Heartbeat:
    """Beats in a thread with a connection of its own while the handler works."""

    def __init__(self, run: JobRun, claim_id: UUID, *, timeout_s: float) -> None:
        self._run = run
        self._claim_id = claim_id
        self._deadline = time.monotonic() + timeout_s + GRACE_SECONDS
        self._told_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"heartbeat {run.job.pk}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        beaten_at = time.monotonic()
        try:
            while not self._stop.wait(CHECK_SECONDS) and time.monotonic() < self._deadline:
                try:
                    if time.monotonic() - beaten_at >= BEAT_SECONDS:
                        ledger.beat(self._run.job.pk, self._claim_id)
                        beaten_at = time.monotonic()
                    self._run.look()
                    self._end_if_stubborn()
                except ClaimLost:
                    self._run.look()
                except (OperationalError, InterfaceError) as error:
                    # The database restarts; the next round opens a new connection.
                    log.warning("No heartbeat for job %s: %s", self._run.job.pk, error)
                    connection.close()
        finally:
            connection.close()

    def _end_if_stubborn(self) -> None:
        """End the worker when the handler does not stop although it was told to: then what it runs ends as well."""
        if not self._run.is_cancelled() or not cluster.is_worker():
            return
        if self._told_at is None:
            self._told_at = time.monotonic()
        if time.monotonic() - self._told_at < STOP_SECONDS:
            return
        log.warning("Job %s did not stop within %s s; its worker is ended.", self._run.job.pk, STOP_SECONDS)
        try:
            with connection.cursor() as cursor:
                # The handler's own transaction may hold the row; then the sweep ends the job.
                cursor.execute("SET lock_timeout = '2s'")
            ledger.finish(self._run.job.pk, self._claim_id, Job.State.CANCELLED)
        finally:
            cluster.worker_end_now()


def job_execute(job_id: UUID) -> str:
    """
    Do a queued job, if it is still there to be done, and return how this attempt ended.

    :raises OperationalError: the database went away; the job is left as it is, and the sweep takes it up.
    :raises WorkerStopping: the process ends; the job is back in the queue.
    :raises TimeoutException: the job took too long and has ended; the process should not be used again.
    """
    claim_id = uuid4()
    job = ledger.claim(job_id, claim_id)
    if job is None:
        return "not queued"
    handler = registry.handler_of(job.kind)
    if handler is None:
        ledger.finish(
            job_id,
            claim_id,
            Job.State.ERRORED,
            message=f"This worker does not know jobs of the kind {job.kind}.",
            remedy="Update the workers to the version that asked for the job, then start it again.",
        )
        return str(Job.State.ERRORED)
    run = JobRun(job, claim_id)
    try:
        with Heartbeat(run, claim_id, timeout_s=handler.timeout_s):
            end = _attempt(run, handler)
        close_old_connections()  # A connection that broke while the handler computed must not cost the whole attempt.
        ledger.finish(job_id, claim_id, **end)
        attempt_ended.send_robust(Job, job=job)
    except ClaimLost:
        log.warning("Job %s belongs to another worker now; this attempt is dropped.", job_id)
        return "claim lost"
    except WorkerStopping:
        connection.close()  # The signal may have struck in the middle of a query.
        ledger.put_back(job_id, claim_id, is_attempt_counted=False, reason="The worker was stopped.")
        raise
    except TimeoutException:
        connection.close()  # As above.
        log.error("Job %s (%s) took longer than %s s.", job_id, job.kind, handler.timeout_s)
        ledger.finish(
            job_id,
            claim_id,
            Job.State.ERRORED,
            message=f"The job took longer than its limit of {handler.timeout_s} seconds and was ended.",
            remedy="Start it again with less to do, or ask an administrator why it is slow.",
        )
        raise
    return end["state"]


def _attempt(run: JobRun, handler: registry.Handler) -> dict[str, str]:
    """Call the handler and return how the job ends; what is not the job's end passes through."""
    try:
        handler.function(run)
    except JobCancelled:
        return {"state": str(Job.State.CANCELLED)}
    except NofxError as error:
        return {"state": str(Job.State.FAILED), "message": error.message, "remedy": error.remedy}
    except (ClaimLost, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("Job %s (%s) ended with an unexpected error.", run.job.pk, run.job.kind)
        return {
            "state": str(Job.State.ERRORED),
            "message": f"The platform made an error ({type(error).__name__}).",
            "remedy": f"Ask an administrator to look for job {run.job.pk} in the log of the workers.",
        }
    return {"state": str(Job.State.SUCCEEDED)}
