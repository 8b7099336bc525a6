"""What people see about themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from apps.core.clock import now
from apps.governance.models import Absence, ApiToken, Scope, User
from apps.governance.services.tokens import SCOPE_PREFIX

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
SEEN = "nofx_seen"


@dataclass(frozen=True)
class LiveSession:
    """One place where a person is signed in."""

    id: int
    place: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_current: bool


def sessions_of(user: User, *, session_key: str) -> list[LiveSession]:
    """Return where *user* is signed in, this session first, then the last used; two queries."""
    known = {session.session_key: session for session in UserSession.objects.filter(user=user)}
    live = Session.objects.filter(session_key__in=known, expire_date__gt=now())
    found = [_session(known[row.session_key], row, is_current=row.session_key == session_key) for row in live]
    return sorted(found, key=lambda one: (one.is_current, one.seen_at), reverse=True)


def absences_of(user: User) -> QuerySet[Absence]:
    """Return the absences of *user* that are not over, the next one first."""
    return Absence.objects.filter(user=user, ends_on__gte=now().date()).order_by("starts_on", "id")


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the tokens of *user*."""
    return ApiToken.objects.filter(user=user)


def places_of(tokens: list[ApiToken]) -> dict[str, str]:
    """Return the names of the scopes that *tokens* end at, by what stands in them; one query."""
    texts = {text for token in tokens for text in token.repositories}
    keys = {int(key) for text in texts if (key := text.removeprefix(f"{SCOPE_PREFIX}_")).isdecimal()}
    scopes = Scope.objects.select_related("organisation").filter(pk__in=keys)
    return {f"{SCOPE_PREFIX}_{scope.pk}": str(scope) for scope in scopes}


def browser_name(agent: str) -> str:
    """Return what a person calls the browser that sends *agent*, which may be anything."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.sub(r"[^\w ./-]", "", agent)[:40].strip() or "An unknown browser"


def _session(known: UserSession, row: Session, *, is_current: bool) -> LiveSession:
    seen = row.get_decoded().get(SEEN)
    return LiveSession(
        id=known.pk,
        place=browser_name(known.user_agent),
        address="" if known.ip == "0.0.0.0" else str(known.ip),  # noqa: S104  stands for none
        began_at=known.created_at,
        seen_at=datetime.fromtimestamp(seen, UTC) if isinstance(seen, int | float) else known.created_at,
        is_current=is_current,
    )
