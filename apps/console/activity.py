"""What happened lately where somebody may read the audit, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.governance.models import AuditEvent, User
from apps.governance.selectors.audit import account_names, audit_search
from apps.governance.selectors.audit_told import account_about, event_pieces
from apps.governance.subjects import subject_links

SHOWN = 12
# What a filter shows, by the first word of the action.
FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": ("All", ()),
    "requests": ("Requests", ("request", "delivery")),
    "reviews": ("Reviews", ("review", "ballot", "override")),
    "rules": ("Rules", ("policy", "role", "owner", "scope", "gate", "canary")),
    "code": ("Code", ("docs", "architecture", "proposal", "repository", "quality", "patterns")),
}


@dataclass(frozen=True)
class Happening:
    """
    One entry of the audit chain as the home page tells it: a sentence behind the name of whoever acted.

    ``said`` are its parts, each with the address that it leads to, which is empty for all but the subject's title.
    """

    who: str
    said: tuple[tuple[str, str], ...]
    outcome: str
    at: datetime

    @property
    def sentence(self) -> str:
        """All of it, as text."""
        return f"{self.who} {''.join(text for text, _ in self.said)}"


def activity(user: User, *, show: str) -> list[Happening]:
    """
    Return what happened lately, newest first; four queries.

    Engineers and reviewers see what they did themselves, as in the audit. Who signed in, and what others were refused,
    is for the audit and not for a page that everybody opens.

    :raises KeyError: *show* is no filter.
    """
    wanted = Q()
    for word in FILTERS[show][1]:
        wanted |= Q(action__startswith=f"{word}.")
    others = ~Q(actor_id=str(user.pk))
    readable = audit_search(user, {}).filter(wanted).exclude(action__startswith="sign_in.")
    shown = readable.exclude(others, outcome="denied").select_related("scope__organisation")
    events = list(shown.order_by("-sequence")[:SHOWN])
    names = account_names([one for event in events for one in (event.actor_id, account_about(event))])
    links = subject_links({key for event in events if (key := _subject(event)) is not None})
    return [_told(event, names, links.get(_subject(event) or ("", UUID(int=0)))) for event in events]


def _subject(event: AuditEvent) -> tuple[str, UUID] | None:
    try:
        return event.object_kind, UUID(event.object_id)
    except ValueError:
        return None


def _told(event: AuditEvent, names: dict[str, str], link: tuple[str, str] | None) -> Happening:
    title, url = link or ("", "")
    pieces = event_pieces(event, names, title=title)
    return Happening(
        who=names.get(event.actor_id, "The platform" if event.actor_id == "platform" else event.actor_id),
        said=tuple((piece.text, url if piece.slot == "it" else "") for piece in pieces),
        outcome=event.outcome,
        at=event.at,
    )
