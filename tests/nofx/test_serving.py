"""The web server keeps no more of a body than the largest that any path takes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import daphne.server  # noqa: F401  it comes before anything else of twisted, whose reactor it chooses
import pytest
from daphne.http_protocol import WebRequest
from twisted.web.test.requesthelper import DummyChannel

from apps.core.bodies import body_limit_largest
from nofx.serving import BoundedServer, CommandLine
from nofx.supervisor.children import web

PIECE = b"x" * 60_000


@pytest.fixture
def request_() -> Iterator[WebRequest]:
    server = BoundedServer(application=None, endpoints=["tcp:0"])
    server.connections = {}
    channel = DummyChannel()
    channel.factory = SimpleNamespace(server=server)
    request = WebRequest(channel)
    request.gotLength(None)
    yield request
    request.content.close()


def test_what_is_as_large_as_may_be_is_kept_whole(request_: WebRequest) -> None:
    for _ in range(3):
        request_.handleContentChunk(PIECE)
    request_.content.seek(0)
    assert request_.content.read() == PIECE * 3


def test_what_is_beyond_is_thrown_away_but_for_one_byte(request_: WebRequest) -> None:
    for _ in range(2 * body_limit_largest() // len(PIECE)):
        request_.handleContentChunk(PIECE)
    assert request_.content.tell() == body_limit_largest() + 1


def test_it_is_what_the_platform_starts() -> None:
    assert CommandLine.server_class is BoundedServer
    assert web({"NOFX_HOST": "127.0.0.1"}, 8000).argv[1:3] == ("-m", "nofx.serving")
