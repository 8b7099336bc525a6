"""What is larger than its path takes is refused by the real server, whatever it says of its length."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from django.conf import settings

TOO_LARGE = [b"x" * 60_000] * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 60_000 + 1)


def sent(address: str, path: str, *, in_chunks: bool) -> http.client.HTTPResponse:
    caller = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    headers = {"Transfer-Encoding": "chunked"} if in_chunks else {"Content-Length": str(len(b"".join(TOO_LARGE)))}
    caller.request("POST", path, body=iter(TOO_LARGE), headers=headers, encode_chunked=in_chunks)
    return caller.getresponse()


@pytest.mark.parametrize("in_chunks", [True, False], ids=["in chunks", "with its length"])
def test_a_program_is_told_how_much_is_taken(live_url: str, in_chunks: bool) -> None:
    answer = sent(live_url, "/api/auth/token", in_chunks=in_chunks)
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.load(answer)["detail"] == "The body is larger than 1.0\xa0MB, the most that is taken here."


@pytest.mark.parametrize("in_chunks", [True, False], ids=["in chunks", "with its length"])
def test_a_person_is_told_that_nothing_was_changed(live_url: str, in_chunks: bool) -> None:
    answer = sent(live_url, "/sign-in", in_chunks=in_chunks)
    assert answer.status == 413
    assert "What you sent is larger than 1.0\xa0MB. Nothing was changed." in answer.read().decode()
