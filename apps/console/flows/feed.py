"""Reads the audit chain for those who are to be told of it."""

from __future__ import annotations

from apps.console.flows.notifications import entry_tell
from apps.governance.models import AuditEvent
from apps.jobs.services import feed_advance

POSITION = "told"


def chain_tell(*, event: AuditEvent | None = None, **_: object) -> int:
    """
    Tell of the entries that nobody was told of yet, and return how many there were.

    Called after each entry, and every few seconds for those whose process died before it came to this.
    """
    return feed_advance(name=POSITION, read=entry_tell, first=event)
