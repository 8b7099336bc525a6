"""A job's live socket as a browser meets it: a real web process, a real worker, and nothing in memory between them."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from types import TracebackType
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from apps.governance.models import User
from apps.jobs import ledger, registry
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TEXT, CLOSE, PING = 1, 8, 9


class Page:
    """The socket of an open page of a signed-in person; reads the messages that come."""

    def __init__(self, port: int, job_id: str, user: User, *, since: int = 0) -> None:
        browser = Client()
        browser.force_login(user)
        cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
        host = f"127.0.0.1:{port}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /ws/jobs/{job_id}/?since={since} HTTP/1.1",
            f"Host: {host}",
            f"Origin: http://{host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Cookie: {cookie}",
        )
        self._socket.sendall("\r\n".join((*head, "", "")).encode())
        self._stream = self._socket.makefile("rb")
        self.status = int(self._stream.readline().split()[1])
        while self._stream.readline().strip():
            pass

    def __enter__(self) -> Page:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def read(self, count: int) -> list[tuple[int, str]]:
        """Return number and stage of the next events."""
        return [(message["sequence"], message["stage"]) for message in (self._message() for _ in range(count))]

    def closing(self) -> int:
        """Return the code by which the server closes, with nothing told before."""
        kind, payload = self._frame()
        while kind == PING:
            kind, payload = self._frame()
        assert kind == CLOSE, payload
        return int.from_bytes(payload[:2], "big")

    def _message(self) -> dict[str, Any]:
        kind, payload = self._frame()
        while kind == PING:
            kind, payload = self._frame()
        assert kind == TEXT, payload
        message: dict[str, Any] = json.loads(payload)
        return message

    def _frame(self) -> tuple[int, bytes]:
        first, length = self._stream.read(2)
        if length == 126:
            length = int.from_bytes(self._stream.read(2), "big")
        return first & 0x0F, self._stream.read(length)


def test_an_open_page_sees_a_worker_in_another_process(platform: Any, engineer: User, stranger: User) -> None:
    web, port = platform.web()
    (job_id,) = platform.enqueue("probe.short", username=engineer.username)
    with Page(port, job_id, engineer) as page:
        assert page.status == 101
        platform.cluster()
        assert page.read(3) == [(1, "started"), (2, "effect"), (3, "succeeded")]
        with Page(port, job_id, engineer, since=1) as reconnected:
            assert reconnected.read(2) == [(2, "effect"), (3, "succeeded")]
        with Page(port, job_id, stranger) as refused:
            assert refused.status == 403
        assert Job.objects.get(pk=job_id).sequence == 3
        # An open page does not keep the web process from ending.
        web.terminate()
        web.wait(timeout=8)


def test_an_open_page_is_closed_within_seconds_of_signing_out_elsewhere(platform: Any, engineer: User) -> None:
    _, port = platform.web()
    (job_id,) = platform.enqueue("probe.short", username=engineer.username)
    with Page(port, job_id, engineer) as page:
        assert page.status == 101
        Session.objects.all().delete()
        began = time.monotonic()
        assert page.closing() == 4403
        assert time.monotonic() - began < 10


@pytest.mark.bar(10)
def test_a_page_goes_on_without_loss_or_duplicates_after_the_web_process_was_killed(
    database_platform: Any, engineer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
    registry.job_handler("probe.live", timeout_s=60, max_attempts=1)(lambda run: None)
    job = job_enqueue(kind="probe.live", subject_kind="probe", subject_id=uuid4(), requested_by=engineer)
    claim = uuid4()
    assert ledger.claim(job.pk, claim)

    def work(*stages: str) -> None:
        for stage in stages:
            ledger.progress(job.pk, claim, stage, {})

    web, port = database_platform.web()
    with Page(port, str(job.pk), engineer) as page:
        work("one", "two")
        seen = page.read(3)
        web.kill()
        web.wait()
    work("three", "four")
    _, port = database_platform.web()
    with Page(port, str(job.pk), engineer, since=seen[-1][0]) as page:
        seen += page.read(2)
        work("five")
        seen += page.read(1)
    assert [stage for _, stage in seen] == ["started", "one", "two", "three", "four", "five"]
    assert [number for number, _ in seen] == list(range(seen[0][0], seen[0][0] + len(seen)))
