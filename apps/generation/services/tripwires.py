"""Have the tripwires of the ladder read, often and each once at a time."""

from __future__ import annotations

from datetime import timedelta

from apps.core.clock import now
from apps.governance.selectors.ladder import rungs_unread
from apps.jobs.services import job_enqueue

TRIPWIRES_JOB = "governance.tripwires"
SUBJECT = "rung"
EVERY = timedelta(minutes=5)


def tripwires_request() -> int:
    """Ask for a reading of each rung that was not read for five minutes; return how many. Harmless to repeat."""
    waiting = rungs_unread(now() - EVERY)
    for rung_id in waiting:
        job_enqueue(kind=TRIPWIRES_JOB, subject_kind=SUBJECT, subject_id=rung_id, requested_by=None)
    return len(waiting)
