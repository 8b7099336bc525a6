"""What the queue calls, and the queue's own jobs: e-mail and webhooks."""

from __future__ import annotations

from uuid import UUID

from apps.jobs import daily
from apps.jobs.registry import job_handler
from apps.jobs.runner import JobRun, job_execute
from apps.jobs.services.deliveries import deliveries_due, delivery_attempt
from apps.jobs.services.mail import DIGEST_JOB, digests_due, digests_send, mails_due, notification_mail
from apps.jobs.services.notifications import MAIL_JOB
from apps.jobs.services.webhooks import DELIVER_JOB

__all__ = ["daily", "job_run"]


def job_run(job_id: str) -> str:
    """Do the job with this id, if it is still queued; django-q2 may call this twice for one job."""
    return job_execute(UUID(job_id))


@job_handler(MAIL_JOB, timeout_s=60, due=mails_due)
def notification_mailed(run: JobRun) -> None:
    """Send one e-mail."""
    notification_mail(notification_id=run.job.subject_id)


@job_handler(DIGEST_JOB, timeout_s=1800, due=digests_due)
def digests_sent(run: JobRun) -> None:
    """Send the digests of a day."""
    run.progress("sent", count=digests_send())


@job_handler(DELIVER_JOB, timeout_s=60, due=deliveries_due)
def webhook_delivered(run: JobRun) -> None:
    """Send one message; that it failed is no failure of the job, since it is tried again."""
    delivery_attempt(delivery_id=run.job.subject_id)
