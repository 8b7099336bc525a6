"""What a job's handler may meet besides its own failures, and why people are told something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from apps.jobs.engine.notices import Kind as NoticeKind

__all__ = ["PLATFORM_ID", "PLATFORM_KIND", "ClaimLost", "Due", "JobCancelled", "NoticeKind", "WorkerStopping"]

# What a job is about that nobody asks for: the platform as a whole.
PLATFORM_KIND, PLATFORM_ID = "platform", UUID(int=0)


@dataclass(frozen=True)
class Due:
    """What a job is due for that the workers begin by themselves."""

    subject_kind: str
    subject_id: UUID
    payload: Mapping[str, str] = field(default_factory=dict)


class JobCancelled(Exception):
    """A person asked for this job to stop; raised where the handler looks, so that it can stop safely."""


class ClaimLost(Exception):
    """This worker was taken for dead and the job belongs to another one; nothing it writes counts any more."""


class WorkerStopping(SystemExit):
    """The worker process is told to end. Passes through ``except Exception``, so that the job is put back whole."""


def switched_off_by(username: str) -> str:
    """Return what a webhook says of whoever switched it off."""
    return f"By {username}."
