"""The audit chain as people look through it and take it away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.governance.engine.chain import plain
from apps.governance.models import AuditEvent, User, entry_content
from apps.governance.selectors import audit_readable, display_name

EQUAL = ("action", "object_kind", "object_id", "outcome", "actor_type")
CHUNK = 2000


def audit_search(user: User, wanted: Mapping[str, Any]) -> QuerySet[AuditEvent]:
    """
    Return the audit entries that *user* may read and that fit *wanted*, empty values left out.

    ``actor`` is a user name, or an id as the chain holds it; ``since`` and ``until`` are days in UTC, both inclusive.
    """
    equal = {name: wanted[name] for name in EQUAL if wanted.get(name)}
    entries = AuditEvent.objects.filter(audit_readable(user), **equal)
    if wanted.get("actor"):
        entries = entries.filter(actor_id__in=_actor_ids(wanted["actor"]))
    if wanted.get("since"):
        entries = entries.filter(at__gte=_midnight(wanted["since"]))
    if wanted.get("until"):
        entries = entries.filter(at__lt=_midnight(wanted["until"]) + timedelta(days=1))
    return entries


def export_lines(entries: QuerySet[AuditEvent], *, head: Mapping[str, Any], last: int) -> Iterator[str]:
    """
    Return *entries* up to number *last* as JSON Lines, oldest first, about 2,000 in a piece.

    The first line is *head*, the last one says how many entries lie between. Each entry's line holds what its hash
    covers: SHA-256 of ``previous_hash`` and the rest of the line without ``hash`` and ``origin``, as canonical JSON.
    """
    yield _line({"kind": "nofx.audit.export", **head})
    rows, count, after = entries.select_related("origin").order_by("sequence"), 0, 0
    while chunk := list(rows.filter(sequence__gt=after, sequence__lte=last)[:CHUNK]):
        yield "".join(_line(_entry(event)) for event in chunk)
        count, after = count + len(chunk), chunk[-1].sequence
    yield _line({"kind": "nofx.audit.export.end", "entries": count})


def account_names(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of *ids* that are accounts, by id; one query."""
    keys = {int(one) for one in ids if one.isdecimal()}
    return {str(user.pk): display_name(user) for user in User.objects.filter(pk__in=keys)}


def _entry(event: AuditEvent) -> dict[str, Any]:
    beside = getattr(event, "origin", None)
    origin = {"salt": beside.salt, "ip": beside.ip, "user_agent": beside.user_agent} if beside else None
    return {
        "sequence": event.sequence,
        **entry_content(event),
        "previous_hash": event.previous_hash,
        "hash": event.hash,
        "origin": origin,
    }


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(plain(document), ensure_ascii=False, separators=(",", ":")) + "\n"


def _actor_ids(text: str) -> list[str]:
    named = User.objects.filter(username=text).values_list("pk", flat=True)
    return [text, *(str(pk) for pk in named)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
