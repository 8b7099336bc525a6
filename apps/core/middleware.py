"""Headers that every page carries: a Content Security Policy with a nonce of its own, and `Vary: HX-Request`."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Plotly positions its layers with inline styles; without 'unsafe-inline' they cover the page and swallow clicks.
COMMON_DIRECTIVES = (
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)


def content_security_policy(request: HttpRequest) -> str:
    """
    Return the policy of the page that answers ``request``.

    Our pages run only scripts that carry the request's nonce. Django's admin site writes its own script tags, all of
    them files, so it gets ``'self'`` and still no inline script.
    """
    match = request.resolver_match
    is_admin_site = match is not None and "admin" in match.app_names
    nonce = cast("str", request.csp_nonce)
    script_src = "script-src 'self'" if is_admin_site else f"script-src 'nonce-{nonce}' 'strict-dynamic'"
    return "; ".join((script_src, *COMMON_DIRECTIVES))


def _give_nonce(request: HttpRequest) -> None:
    request.csp_nonce = secrets.token_urlsafe(18)


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith("text/html"):
        response.headers.setdefault("Content-Security-Policy", content_security_policy(request))
        patch_vary_headers(response, ("HX-Request",))
    return response


@sync_and_async_middleware
def page_headers(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """Give each request a script nonce and each HTML response its security policy."""
    if iscoroutinefunction(get_response):
        handle_async = cast("AsyncHandler", get_response)

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            _give_nonce(request)
            return _finish(request, await handle_async(request))

        markcoroutinefunction(async_middleware)
        return async_middleware

    handle = cast("Handler", get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        _give_nonce(request)
        return _finish(request, handle(request))

    return middleware
