"""Who is asking: a person at the page, a token, a machine's account."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from apps.governance.models import ApiToken, User


def current_user(request: HttpRequest) -> User:
    """Return who is asking; only where access was checked."""
    return cast("User", request.user)


def api_token(request: HttpRequest) -> ApiToken | None:
    """Return the token the request came with, if any."""
    return getattr(request, "api_token", None)


def interactive(request: HttpRequest) -> bool:
    """Return whether a signed-in person is at the page: a session, no token, no machine's account."""
    user = request.user
    return (
        api_token(request) is None and user.is_authenticated and user.is_active and not current_user(request).is_service
    )


def session_key(request: HttpRequest) -> str:
    """Return the session's key for the audit chain, which keeps only its digest; empty with a token."""
    session = getattr(request, "session", None)
    return (session.session_key or "") if session is not None and api_token(request) is None else ""
