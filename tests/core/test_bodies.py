"""A body may be as large as a long text; only where builds send their reports may it be larger."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from apps.core.bodies import CUT_OFF, BodyBound, BodyLimit, body_read
from apps.governance.models import User
from apps.quality.types import MAX_UPLOAD

pytestmark = pytest.mark.django_db

MOST = 1 << 20
PROBLEM = "application/problem+json"


def test_the_large_limit_holds_for_uploads_alone() -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == MOST
    assert set(settings.NOFX_UPLOADS.values()) == {MAX_UPLOAD}
    assert all(resolve(path) for path in settings.NOFX_UPLOADS)


@pytest.mark.parametrize("path", ["/api/ai/analyze/specification", "/api/quality/review", "/api/auth/token"])
def test_a_program_that_sends_too_much_is_told_how_much_is_taken(path: str) -> None:
    for key in ({}, {"Idempotency-Key": "a"}):
        answer = Client().post(path, b"x" * (MOST + 1), content_type="application/json", headers=key)
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)
        assert "larger than 1.0\xa0MB" in answer.json()["detail"]


def test_what_is_as_large_as_may_be_is_read() -> None:
    answer = Client().post("/api/auth/token", b" " * MOST, content_type="application/json")
    assert answer.status_code == 400


def test_a_file_in_a_form_counts_although_django_does_not_count_it() -> None:
    reached = []
    limit = BodyLimit(lambda request: reached.append(request.FILES) or HttpResponse())
    small, large = (SimpleUploadedFile("f", b"x" * size) for size in (MOST // 2, MOST))
    assert limit(RequestFactory().post("/metrics/baselines", {"file": small})).status_code == 200
    with pytest.raises(RequestDataTooBig):
        limit(RequestFactory().post("/metrics/baselines", {"file": large}))
    assert len(reached) == 1


@pytest.mark.parametrize(("path", "most"), [("/specs/save", MOST), ("/api/quality/tests/upload", MAX_UPLOAD)])
def test_a_body_that_says_nothing_of_its_size_is_measured(path: str, most: int) -> None:
    request = RequestFactory().post(path)
    del request.META["CONTENT_LENGTH"]
    request._stream = io.BytesIO(b"x" * (most + 5))  # a body in chunks, as the ASGI handler passes it
    if most == MOST:
        with pytest.raises(RequestDataTooBig):
            body_read(request)
    else:
        assert len(body_read(request)) == most + 1
        assert len(body_read(request)) == most + 1


class TestAsItArrives:
    """Whatever a client sends, and whatever it says of its length, Django is given the limit and one byte."""

    async def taken(self, path: str, chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[int, bool]:
        """Return how many bytes the application was given, and whether it was told that there were more."""
        events = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        events[-1]["more_body"] = False
        arriving = iter([*events, {"type": "http.disconnect"}])
        given = []

        async def receive():
            return next(arriving)

        async def application(_scope, receive, _send):
            while (event := await receive())["more_body"]:
                given.append(event["body"])
            given.append(event["body"])
            assert (await receive())["type"] == "http.disconnect"

        scope = {"type": "http", "path": path, "headers": headers}
        await BodyBound(application)(scope, receive, None)
        return len(b"".join(given)), CUT_OFF in scope

    @pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
    async def test_what_is_as_large_as_may_be_passes_whole(self, size: int) -> None:
        assert await self.taken("/specs/save", [b"x" * size], []) == (size, False)

    @pytest.mark.parametrize(("path", "most"), [("/specs/save", MOST), ("/api/quality/tests/upload", MAX_UPLOAD)])
    async def test_a_body_in_chunks_ends_one_byte_behind_the_limit(self, path: str, most: int) -> None:
        chunks = [b"x" * 60_000] * (2 * most // 60_000)
        assert await self.taken(path, chunks, []) == (most + 1, True)

    @pytest.mark.parametrize("length", [b"1200000", b"9" * 5000])
    async def test_one_that_says_that_it_is_too_large_is_not_read(self, length: bytes) -> None:
        assert await self.taken("/specs/save", [b"x" * 60_000] * 20, [(b"content-length", length)]) == (0, True)


@pytest.mark.django_db
def test_a_specification_of_a_megabyte_gets_a_sentence(client: Client) -> None:
    client.force_login(User.objects.create_user("ada", password="correct horse battery"))
    page = client.post("/specs/submit", {"title": "All", "text": "Sort the list.\n" * 70_000})
    assert page.status_code == 413
    text = page.content.decode()
    assert "What you sent is larger than 1.0" in text
    assert "what you wrote is still there" in text
