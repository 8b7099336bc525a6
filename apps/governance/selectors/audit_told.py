"""Entries of the audit chain as people read of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.governance.audit_words import Piece, audit_sentence
from apps.governance.models import AuditEvent
from apps.governance.selectors.audit import account_names

LONGEST = 60


def account_about(event: AuditEvent) -> str:
    """Return the id of the account that *event* is about; empty where it is about something else."""
    return event.object_id if event.object_kind == "user" else ""


def event_pieces(event: AuditEvent, names: Mapping[str, str], *, title: str = "") -> list[Piece]:
    """
    Return what *event* says, behind the name of whoever acted. No query.

    *names* are those of accounts by id, *title* is its subject's; without one the subject is said by its sort.
    """

    def fill(slot: str) -> str:
        if slot == "it":
            return title
        if slot == "place":
            return (event.scope.repository or event.scope.organisation.name) if event.scope else "the platform"
        if slot == "person":
            return names.get(account_about(event), "")
        text = " ".join(str(event.detail.get(slot, "")).split())[:LONGEST]
        return text.replace("_", " ") if slot == "role" else text

    return audit_sentence(event.action, event.outcome, fill)


def events_told(events: Iterable[AuditEvent]) -> dict[int, str]:
    """Return what each of *events* says, by number and without its subject's title; one query."""
    rows = list(events)
    names = account_names(account_about(event) for event in rows)
    return {event.sequence: "".join(piece.text for piece in event_pieces(event, names)).strip() for event in rows}
