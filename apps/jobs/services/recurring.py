"""Jobs that nobody asks for: the workers begin them when they are due."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.services.queue import job_enqueue
from apps.jobs.types import PLATFORM_ID, PLATFORM_KIND, Due

_LOCK = 0x6E6F6678_64756500

log = logging.getLogger(__name__)


def jobs_due_begin(*, at: datetime) -> int:
    """
    Begin every job that is due *at* this moment, and return how many; about one query for each kind when none is.

    Safe to run anywhere, any number of times at once. A kind that cannot say what is due is logged, and the others do
    not wait for its repair.

    :raises OperationalError: the database went away.
    """
    begun = 0
    for handler in registry.handlers_recurring():
        try:
            begun += _begin(handler, at) if _due(handler, at) else 0
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("What is due of %s could not be begun.", handler.kind)
    return begun


def _due(handler: registry.Handler, at: datetime) -> Collection[Due]:
    if handler.due is not None:
        return handler.due(at)
    # The ledger is the clock: what was begun within the time, by the database's own, is not due.
    begun = Job.objects.filter(kind=handler.kind, subject_kind=PLATFORM_KIND, subject_id=PLATFORM_ID)
    return [] if begun.filter(created_at__gt=Now() - handler.every).exists() else [Due(PLATFORM_KIND, PLATFORM_ID)]


@transaction.atomic
def _begin(handler: registry.Handler, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    due = _due(handler, at)  # Another worker may have been faster.
    for one in due:
        job_enqueue(
            kind=handler.kind,
            subject_kind=one.subject_kind,
            subject_id=one.subject_id,
            requested_by=None,
            payload=one.payload,
        )
    return len(due)
