"""When a session was last used, when its person last showed who they are, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.clock import now
from apps.governance.callers import api_token
from apps.governance.errors import SignOnRefused
from apps.governance.models import User
from apps.governance.services.sign_in import signed_out_record

# Seconds since 1970, so that any session serializer keeps them.
AUTHENTICATED, SEEN, SIGNED_ON = "nofx_authenticated", "nofx_seen", "nofx_signed_on"
RECENT = timedelta(minutes=5)
# Writing at every request would turn each read into a write.
RESOLUTION = timedelta(minutes=1)
# Requests that a page makes by itself carry this header; they are no sign of a person.
BACKGROUND = "X-NOFX-Background"


def is_recently_authenticated(request: HttpRequest) -> bool:
    """Return whether whoever is signed in showed in the last minutes who they are; a time to come never counts."""
    return _is_recent(request, AUTHENTICATED)


def has_just_signed_on(request: HttpRequest) -> bool:
    """Return whether whoever is signed in came by a single sign-on in the last minutes, asked by it or not."""
    return _is_recent(request, SIGNED_ON)


def signed_on_mark(request: HttpRequest, *, since: object) -> None:
    """
    Note that a single sign-on brought the person of this session in.

    Most bring in whoever sits before a browser that they know. Only one that says with *since*, in seconds since 1970,
    when it asked, has had the person show who they are, and then.
    """
    request.session[SIGNED_ON] = now().timestamp()
    if isinstance(since, int | float):
        request.session[AUTHENTICATED] = min(float(since), now().timestamp())
    else:
        request.session.pop(AUTHENTICATED, None)


def authenticated_mark(request: HttpRequest, *, since: object = None, method: str = "") -> None:
    """
    Note that the person of this session has shown who they are.

    A single sign-on says with *since* when it asked them, in seconds since 1970.

    :raises SignOnRefused: *method* is a single sign-on that does not say so, or asked too long ago.
    """
    if method:
        asked = datetime.fromtimestamp(since, UTC) if isinstance(since, int | float) else None
        if asked is None or now() - asked >= RECENT:
            raise SignOnRefused(
                "The single sign-on did not ask you again.",
                remedy="Use your password or an authenticator app; an administrator gives a password to whoever has "
                "neither.",
            )
    request.session[AUTHENTICATED] = now().timestamp()


class SessionActivity:
    """Move the end of a session while a person uses it; what a page asks for by itself moves nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Note the request, at most once a minute; a token has no session."""
        if BACKGROUND not in request.headers and api_token(request) is None and request.user.is_authenticated:
            at = _moment(request, SEEN)
            if at is None or not timedelta(0) <= now() - at < RESOLUTION:
                request.session[SEEN] = now().timestamp()
        return self.get_response(request)


def ends_in(request: HttpRequest) -> int:
    """Return in how many seconds the session ends when nothing more is asked for."""
    at = _moment(request, SEEN) or now()
    return max(0, settings.SESSION_COOKIE_AGE - int((now() - at).total_seconds()))


def _is_recent(request: HttpRequest, name: str) -> bool:
    at = _moment(request, name)
    return at is not None and timedelta(0) <= now() - at < RECENT


def _moment(request: HttpRequest, name: str) -> datetime | None:
    value = request.session.get(name) if hasattr(request, "session") else None
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None


def _begin(request: HttpRequest, **_: Any) -> None:
    request.session[AUTHENTICATED] = request.session[SEEN] = now().timestamp()


def _end(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        signed_out_record(user=user, session_key=request.session.session_key or "")


def follow_sessions() -> None:
    """Note each sign-in and sign-out, at whichever page of Django's it happens."""
    user_logged_in.connect(_begin, dispatch_uid="nofx.sessions.begin")
    user_logged_out.connect(_end, dispatch_uid="nofx.sessions.end")
