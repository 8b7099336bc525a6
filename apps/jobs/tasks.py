"""What the queue calls."""

from __future__ import annotations

from uuid import UUID

from apps.jobs.runner import job_execute


def job_run(job_id: str) -> str:
    """Do the job with this id, if it is still queued; django-q2 may call this twice for one job."""
    return job_execute(UUID(job_id))
