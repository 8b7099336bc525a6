"""A job's numbered events: written with the change they tell of, announced when that change is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import F

from apps.jobs.models import Job, JobEvent

NOTIFY_CHANNEL = "nofx_events"


def group_of(job_id: UUID) -> str:
    """Return the channel group that hears of this job's events."""
    return f"job.{job_id}"


def event_append(job_id: UUID, stage: str, data: Mapping[str, Any], *, becomes_progress: bool = False) -> int:
    """
    Add the next event of a job and return its number.

    Call it in the transaction of the change it tells of: the row of the job stays locked until that ends, which is
    what makes the numbers gapless and their order the order of commits.
    """
    plain = json.loads(json.dumps(dict(data), cls=DjangoJSONEncoder))
    changes: dict[str, Any] = {"sequence": F("sequence") + 1}
    if becomes_progress:
        changes["progress"] = {"stage": stage, **plain}
    with transaction.atomic():
        Job.objects.filter(pk=job_id).update(**changes)
        sequence = Job.objects.values_list("sequence", flat=True).get(pk=job_id)
        JobEvent.objects.create(job_id=job_id, sequence=sequence, stage=stage, data=plain)
        _announce_at_commit(group_of(job_id), sequence)
    return sequence


def _announce_at_commit(group: str, sequence: int) -> None:
    if settings.REDIS_URL:

        def announce() -> None:
            layer = get_channel_layer()
            async_to_sync(layer.group_send)(group, {"type": "job.event", "sequence": sequence})

        transaction.on_commit(announce, robust=True)
        return
    # Postgres itself delivers it at commit, and not at all after a rollback. Ids only: 8,000 bytes are the limit.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [NOTIFY_CHANNEL, json.dumps({"group": group, "sequence": sequence})])
