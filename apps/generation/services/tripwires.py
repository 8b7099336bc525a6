"""When the tripwires of the ladder are read: often, and each once at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.governance.selectors.ladder import rungs_unread
from apps.jobs.services import Due

TRIPWIRES_JOB = "governance.tripwires"
SUBJECT = "rung"
EVERY = timedelta(minutes=5)


def tripwires_due(at: datetime) -> list[Due]:
    """Return the rungs that were not read for five minutes."""
    return [Due(SUBJECT, rung_id) for rung_id in rungs_unread(at - EVERY)]
