"""Answers that are sent while they are made, and never held as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def stream_file(request: HttpRequest, chunks: Iterator[str], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Return *chunks* as a file called *name*. Each chunk is made when the reader has taken the one before."""
    body = _one_by_one(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _one_by_one(chunks: Iterator[str]) -> AsyncIterator[str]:
    while (chunk := await sync_to_async(_next)(chunks)) is not None:
        yield chunk


def _next(chunks: Iterator[str]) -> str | None:
    return next(chunks, None)
