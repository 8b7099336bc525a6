"""The newest backup, as the audit chain knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.governance.engine.chain import Outcome
from apps.governance.models import AuditEvent

BACKUP_DONE = "backup.done"


@dataclass(frozen=True)
class BackupState:
    """
    When it was made, how large it is in bytes, and whether it could be read back; ``made_at`` is None without any.

    ``entries`` are those of the audit chain in it, ``began_at`` is the chain's first entry.
    """

    made_at: datetime | None
    began_at: datetime | None
    file: str = ""
    size: int = 0
    entries: int = 0
    is_verified: bool = False
    problem: str = ""


def backup_state() -> BackupState:
    """Return what is known of the newest backup; two queries, both answered by an index."""
    first = AuditEvent.objects.order_by("sequence").values_list("at", flat=True).first()
    last = AuditEvent.objects.filter(action=BACKUP_DONE).order_by("-sequence").first()
    if last is None:
        return BackupState(None, first)
    return BackupState(
        made_at=last.at,
        began_at=first,
        file=str(last.detail.get("file", "")),
        size=int(last.detail.get("size", 0)),
        entries=int(last.detail.get("entries", 0)),
        is_verified=last.outcome == Outcome.DONE.value,
        problem=last.reason,
    )
