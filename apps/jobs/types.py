"""What a job's handler may meet besides its own failures, and why people are told something."""

from __future__ import annotations

from apps.jobs.engine.notices import Kind as NoticeKind

__all__ = ["ClaimLost", "JobCancelled", "NoticeKind", "WorkerStopping"]


class JobCancelled(Exception):
    """A person asked for this job to stop; raised where the handler looks, so that it can stop safely."""


class ClaimLost(Exception):
    """This worker was taken for dead and the job belongs to another one; nothing it writes counts any more."""


class WorkerStopping(SystemExit):
    """The worker process is told to end. Passes through ``except Exception``, so that the job is put back whole."""


def switched_off_by(username: str) -> str:
    """Return what a webhook says of whoever switched it off."""
    return f"By {username}."
