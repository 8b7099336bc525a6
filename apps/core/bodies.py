"""How large a request may be: as large as a long text in a form, except where builds send their reports."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    HTTPScope,
)
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The entry of an ASGI scope whose body was cut off, since it is larger than its path takes.
CUT_OFF = "nofx.body_cut_off"


def body_limit(path: str) -> int:
    """Return how many bytes the body of a request for *path* may have."""
    return int(settings.NOFX_UPLOADS.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def body_limit_largest() -> int:
    """Return how many bytes a body may have on the path that takes the largest."""
    return max(int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE), *map(int, settings.NOFX_UPLOADS.values()))


def body_read(request: HttpRequest) -> bytes:
    """
    Return the body; of one that is larger than its path takes, one byte more than that.

    It is read once, and may be asked for again. Where Django's own limit holds it is Django that reads.

    :raises RequestDataTooBig: the path takes no uploads, and the body is larger than a form may be.
    """
    content: bytes
    if request.path not in settings.NOFX_UPLOADS:
        content = request.body
        return content
    if not hasattr(request, "upload"):
        request.upload = request.read(body_limit(request.path) + 1)
    content = request.upload
    return content


class BodyLimit:
    """
    Refuse what says that it is larger than its path takes, files in forms included, which Django does not count.

    A body without a length is measured as it arrives (``BodyBound``) and where it is read. Paths that take uploads say
    in their own words how much.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let *request* pass, or raise ``RequestDataTooBig``."""
        is_cut_off = CUT_OFF in getattr(request, "scope", {})
        is_too_large = is_cut_off or _declared(request.headers.get("Content-Length", "")) > body_limit(request.path)
        if is_too_large and request.path not in settings.NOFX_UPLOADS:
            raise RequestDataTooBig("The body is larger than its path takes.")
        return self.get_response(request)


class BodyBound:
    """
    Give an ASGI application no more of a body than its path takes, and one byte.

    Django puts a body aside in a file before any middleware is asked. Here it ends where it grows too large, and one
    that says so itself is not read at all; what the caller is told stays with those who answer, ``BodyLimit`` first.
    """

    def __init__(self, application: ASGI3Application) -> None:
        self.application = application

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one HTTP request."""
        await self.application(scope, _Bounded(scope, receive), send)


class _Bounded:
    """``receive`` of one request, whose body ends one byte behind the limit; what comes then is thrown away."""

    def __init__(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> None:
        self._receive = receive
        self._scope = scope
        self._left = body_limit(scope["path"]) + 1
        self._is_refused = any(
            name == b"content-length" and _declared(value.decode("latin-1")) >= self._left
            for name, value in scope["headers"]
        )

    async def __call__(self) -> ASGIReceiveEvent:
        if self._is_refused:
            self._is_refused = False
            return self._end(b"")
        event = await self._receive()
        while CUT_OFF in self._scope and event["type"] == "http.request":
            event = await self._receive()
        if event["type"] != "http.request":
            return event
        body = event.get("body", b"")
        self._left -= len(body)
        return event if self._left > 0 else self._end(body[: len(body) + self._left])

    def _end(self, body: bytes) -> ASGIReceiveEvent:
        self._scope[CUT_OFF] = True  # type: ignore[literal-required]  # whoever passes a scope on may add to it
        return {"type": "http.request", "body": body, "more_body": False}


def _declared(length: str) -> int:
    # Python reads no number of thousands of digits, and nobody needs all of them to see that it is too large.
    return int(length[:20]) if length.isdecimal() else 0
