"""Jobs that nobody asks for: the workers begin them when they are due."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Now

from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.jobs.types import PLATFORM_ID, PLATFORM_KIND

_LOCK = 0x6E6F6678_64756500


def jobs_due_enqueue() -> int:
    """
    Begin every recurring job that is due, and return how many; one query for each kind when none is.

    The ledger is the clock: a job is due when none of its kind was begun within its time. Safe to run anywhere, any
    number of times at once.
    """
    return sum(_begin(handler) for handler in registry.handlers_recurring() if not _was_begun(handler))


def _was_begun(handler: registry.Handler) -> bool:
    begun = Job.objects.filter(kind=handler.kind, subject_kind=PLATFORM_KIND, subject_id=PLATFORM_ID)
    return begun.filter(created_at__gt=Now() - handler.every).exists()


@transaction.atomic
def _begin(handler: registry.Handler) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if _was_begun(handler):
        return False  # Another worker was faster.
    job_enqueue(kind=handler.kind, subject_kind=PLATFORM_KIND, subject_id=PLATFORM_ID, requested_by=None)
    return True
