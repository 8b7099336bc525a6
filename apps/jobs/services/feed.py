"""Reading the audit chain from where one was, once, in order, whatever dies in between."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from apps.governance.models import AuditEvent
from apps.jobs.models import FeedPosition

BATCH = 200

Reader = Callable[[AuditEvent], object]

log = logging.getLogger(__name__)
_readers: dict[str, Reader] = {}


def feed_register(name: str, read: Reader) -> None:
    """Have *read* given each entry of the audit chain; its position, called *name*, is its own."""
    _readers[name] = read


def feeds_advance(*, event: AuditEvent | None = None, **_: object) -> int:
    """
    Give every reader the entries that it has not read yet, and return how many readings there were.

    Called after each entry, and every few seconds for those whose process died before it came to this.
    """
    return sum(_advance(name, read, event) for name, read in _readers.items())


@transaction.atomic
def _advance(name: str, read: Reader, first: AuditEvent | None) -> int:
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


def _give(read: Reader, event: AuditEvent) -> None:
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
