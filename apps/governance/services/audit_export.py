"""Take the audit chain away as a file; that somebody did is in the chain too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from apps.governance.engine.chain import CHAIN_KIND
from apps.governance.models import User
from apps.governance.selectors.audit import audit_search, export_lines
from apps.governance.services.audit import audit_record


@transaction.atomic
def audit_export(*, user: User, wanted: Mapping[str, Any], session_key: str = "") -> Iterator[str]:
    """
    Return what *user* may read of the chain and fits *wanted*, as JSON Lines in pieces; record that they took it.

    The file ends with the entry that records the export, whatever is written while it is sent.
    """
    filters = {name: value for name, value in wanted.items() if value}
    event = audit_record(
        action="audit.export",
        object_kind=CHAIN_KIND,
        object_id="export",
        actor=user,
        session_key=session_key,
        detail={"filters": filters},
    )
    head = {"exported_at": event.at, "exported_by": event.actor_id, "filters": filters, "up_to": event.sequence}
    return export_lines(audit_search(user, filters), head=head, last=event.sequence)
