"""Reads the audit chain for those who are to be told of it."""

from __future__ import annotations

from apps.console.flows.notifications import entry_tell
from apps.console.flows.quality_gates import report_follow
from apps.console.flows.webhooks import entry_send
from apps.governance.models import AuditEvent
from apps.jobs.services import feed_advance

# One position each: what goes wrong on one way holds nothing up on the other.
READERS = {"people": entry_tell, "webhooks": entry_send, "quality gates": report_follow}


def chain_tell(*, event: AuditEvent | None = None, **_: object) -> int:
    """
    Tell of the entries that nobody was told of yet, and return how many readings there were.

    Called after each entry, and every few seconds for those whose process died before it came to this.
    """
    return sum(feed_advance(name=name, read=read, first=event) for name, read in READERS.items())
