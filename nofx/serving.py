"""
The web server: daphne, which keeps no more of a body than the largest that any path takes.

On its own it sets a body aside without a limit, before any application is asked. Where a path takes less is decided
behind it (``apps.core.bodies``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server

from apps.core.bodies import body_limit_largest


class BoundedServer(Server):
    """daphne's server, whose requests throw away what is beyond the limit as it arrives."""

    def protocol_connected(self, protocol: Any) -> None:
        """Bound the body of a request that begins."""
        super().protocol_connected(protocol)
        if isinstance(protocol, WebRequest):
            # One byte more, so that whoever looks sees that it was larger.
            kept = partial(_keep, protocol, protocol.handleContentChunk, body_limit_largest() + 1)
            protocol.handleContentChunk = kept


def _keep(request: WebRequest, keep: Callable[[bytes], None], most: int, data: bytes) -> None:
    room = most - request.content.tell()
    if room > 0:
        keep(data[:room])


class CommandLine(CommandLineInterface):
    """daphne's command with this server."""

    server_class = BoundedServer


if __name__ == "__main__":
    CommandLine.entrypoint()
