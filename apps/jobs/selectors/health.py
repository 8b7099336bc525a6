"""How the queue is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum
from django.db.models.functions import Now

from apps.governance.models import AuditEvent
from apps.jobs.models import FeedPosition, Job, QueueBeat

# A process beats every five seconds, and between two beats does nothing that takes long.
SILENT_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class QueueState:
    """Jobs that wait and run, since when the oldest waits, and the processes that live with their workers."""

    queued: int
    running: int
    oldest_at: datetime | None
    processes: int
    workers: int


def queue_state() -> QueueState:
    """Return the state of the queue; three queries."""
    jobs = Job.objects.order_by()
    waiting = jobs.filter(state=Job.State.QUEUED).aggregate(count=Count("pk"), oldest=Min("created_at"))
    alive = QueueBeat.objects.filter(beat_at__gte=Now() - SILENT_AFTER).aggregate(
        count=Count("pk"), workers=Sum("workers")
    )
    return QueueState(
        queued=waiting["count"],
        running=jobs.filter(state=Job.State.RUNNING).count(),
        oldest_at=waiting["oldest"],
        processes=alive["count"],
        workers=alive["workers"] or 0,
    )


def untold_entries() -> int:
    """Return how many entries of the audit chain nobody was told of yet; two queries."""
    newest = AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    furthest_back = FeedPosition.objects.aggregate(least=Min("sequence"))["least"]
    return max(0, newest - furthest_back) if furthest_back is not None else 0
