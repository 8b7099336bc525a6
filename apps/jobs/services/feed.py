"""Reading the audit chain from where one was, once, in order, whatever dies in between."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from apps.governance.models import AuditEvent
from apps.jobs.models import FeedPosition

BATCH = 200

log = logging.getLogger(__name__)


@transaction.atomic
def feed_advance(*, name: str, read: Callable[[AuditEvent], object], first: AuditEvent | None = None) -> int:
    """
    Give *read* the entries behind the position called *name*, oldest first, and return how many there were.

    What *read* writes and the new position are one transaction, so each entry is read once. While another process
    reads, nothing happens here. An entry that *read* fails on is logged and passed over. A position that does not exist
    yet begins before *first*, or at the end of the chain.
    """
    if not FeedPosition.objects.filter(name=name).exists():
        FeedPosition.objects.get_or_create(name=name, defaults={"sequence": _beginning(first)})
    position = FeedPosition.objects.select_for_update(skip_locked=True).filter(name=name).first()
    if position is None:
        return 0
    events = AuditEvent.objects.filter(sequence__gt=position.sequence).select_related("scope__organisation")
    batch = list(events.order_by("sequence")[:BATCH])
    for event in batch:
        _give(read, event)
    if batch:
        FeedPosition.objects.filter(name=name).update(sequence=batch[-1].sequence, moved_at=Now())
    return len(batch)


def _give(read: Callable[[AuditEvent], object], event: AuditEvent) -> None:
    try:
        with transaction.atomic():
            read(event)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("Nobody was told of entry %s (%s) of the audit chain.", event.sequence, event.action)


def _beginning(first: AuditEvent | None) -> int:
    if first is not None:
        return first.sequence - 1
    return AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
