"""One HTTP client for one call: explicit timeouts, no redirects, and a limit on what comes back."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import urlsplit

import httpx2

from apps.providers.types import AnswerUnusable

CONNECT_SECONDS = 10.0


class _Bounded(httpx2.AsyncByteStream):
    """A response's body that ends with an error where it grows past *limit* bytes."""

    def __init__(self, body: httpx2.AsyncByteStream, limit: int) -> None:
        self._body = body
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for piece in self._body:
            received += len(piece)
            if received > self._limit:
                raise AnswerUnusable(
                    f"The answer was longer than {self._limit // 1_000:,} kB and was not read to its end."
                )
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


def client(*, base_url: str, timeout_s: float, limit: int) -> httpx2.AsyncClient:
    """Return a client whose responses are at most *limit* bytes long, as sent; the caller closes it."""

    async def bound(response: httpx2.Response) -> None:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            # The limit counts bytes as sent; a few kilobytes may unpack to gigabytes.
            raise AnswerUnusable("The answer was compressed although that was not asked for.")
        response.stream = _Bounded(cast(httpx2.AsyncByteStream, response.stream), limit)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_SECONDS, timeout_s)),
        headers={"Accept-Encoding": "identity"},
        follow_redirects=False,
        # A proxy for the outside world cannot reach this machine's own servers.
        trust_env=not is_loopback(base_url),
        event_hooks={"response": [bound]},
    )


def is_loopback(url: str) -> bool:
    """Return whether *url* points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
