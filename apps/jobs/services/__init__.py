"""The door of the job ledger and of what people and other systems are told."""

from apps.jobs.chores import chore_register, chores_run
from apps.jobs.registry import job_handler, job_subject_access, job_subject_stop
from apps.jobs.runner import JobRun
from apps.jobs.services.feed import feed_advance
from apps.jobs.services.notifications import Notice, notifications_settle, people_notify
from apps.jobs.services.queue import job_cancel, job_enqueue, jobs_stop, jobs_sweep
from apps.jobs.services.webhooks import event_send
from apps.jobs.signals import attempt_ended
from apps.jobs.types import ClaimLost, JobCancelled

__all__ = [
    "ClaimLost",
    "JobCancelled",
    "JobRun",
    "Notice",
    "attempt_ended",
    "chore_register",
    "chores_run",
    "event_send",
    "feed_advance",
    "job_cancel",
    "job_enqueue",
    "job_handler",
    "job_subject_access",
    "job_subject_stop",
    "jobs_stop",
    "jobs_sweep",
    "notifications_settle",
    "people_notify",
]
