"""The door of the job ledger and of what people and other systems are told."""

from apps.jobs.registry import job_handler, job_subject_access, job_subject_stop
from apps.jobs.runner import JobRun
from apps.jobs.services.feed import feed_register, feeds_advance
from apps.jobs.services.notifications import Notice, notifications_settle, people_notify
from apps.jobs.services.queue import job_cancel, job_enqueue, jobs_stop, jobs_sweep
from apps.jobs.services.recurring import jobs_due_begin
from apps.jobs.services.webhooks import event_send
from apps.jobs.signals import attempt_ended
from apps.jobs.types import ClaimLost, Due, JobCancelled

__all__ = [
    "ClaimLost",
    "Due",
    "JobCancelled",
    "JobRun",
    "Notice",
    "attempt_ended",
    "event_send",
    "feed_register",
    "feeds_advance",
    "job_cancel",
    "job_enqueue",
    "job_handler",
    "job_subject_access",
    "job_subject_stop",
    "jobs_due_begin",
    "jobs_stop",
    "jobs_sweep",
    "notifications_settle",
    "people_notify",
]
