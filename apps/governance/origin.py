"""Where what is done comes from: the request that is being answered, as far as the audit chain notes it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.governance.addresses import client_address

LONGEST_AGENT = 300
_answering: ContextVar[HttpRequest | None] = ContextVar("nofx_answering", default=None)


@dataclass(frozen=True)
class Origin:
    """Address, browser, session and id of a request, and whether it came with a token: then a program sent it."""

    ip: str
    user_agent: str
    session_key: str
    request_id: str
    has_token: bool


def origin_now() -> Origin | None:
    """Return where the work under way comes from; None in a job or a command."""
    request = _answering.get()
    if request is None:
        return None
    has_token = getattr(request, "api_token", None) is not None
    session = getattr(request, "session", None)
    return Origin(
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        session_key=(session.session_key or "") if session is not None and not has_token else "",
        request_id=str(getattr(request, "request_id", "")),
        has_token=has_token,
    )


def origins(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Remember the request while it is answered; a middleware."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        answering = _answering.set(request)
        try:
            return get_response(request)
        finally:
            _answering.reset(answering)

    return handle
