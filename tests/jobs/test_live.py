"""The live socket of a job: nothing lost, nothing twice, nothing to those who may not see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client, override_settings

from apps.core.clock import now
from apps.governance.models import User
from apps.jobs import ledger
from apps.jobs.gateways import listener
from apps.jobs.models import Job
from apps.jobs.services import job_subject_access
from nofx.asgi import application

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("subject_checks")]

Open = Callable[..., WebsocketCommunicator]


@pytest.fixture
def job(handle: Callable[..., None], enqueue: Callable[..., Job]) -> Job:
    handle(lambda run: None)
    job = enqueue()
    ledger.claim(job.pk, uuid4())
    job.refresh_from_db()
    return job


@pytest.fixture
def open_socket(job: Job) -> Open:
    """Make a socket as a browser of ``user`` on our own pages would open it."""

    def build(user: User | None, *, since: str = "0", origin: str = "http://testserver", job_id: UUID = job.pk) -> Any:
        browser = Client()
        if user is not None:
            browser.force_login(user)
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
        return WebsocketCommunicator(
            application,
            f"/ws/jobs/{job_id}/?since={since}",
            headers=[(b"origin", origin.encode()), (b"cookie", cookies.encode()), (b"host", b"testserver")],
        )

    return build


@database_sync_to_async
def progress(job: Job, stage: str) -> int:
    assert job.claim is not None
    return ledger.progress(job.pk, job.claim, stage, {"note": stage})


async def stages(socket: WebsocketCommunicator, count: int) -> list[tuple[int, str]]:
    messages = [await socket.receive_json_from(timeout=30) for _ in range(count)]
    return [(message["sequence"], message["stage"]) for message in messages]


async def test_a_page_gets_what_it_missed_and_then_what_happens(open_socket: Open, engineer: User, job: Job) -> None:
    await progress(job, "one")
    socket = await database_sync_to_async(open_socket)(engineer)
    assert (await socket.connect(timeout=10))[0]
    assert await stages(socket, 2) == [(1, "started"), (2, "one")]
    await progress(job, "two")
    message = await socket.receive_json_from(timeout=30)
    assert (message["sequence"], message["stage"], message["data"]) == (3, "two", {"note": "two"})
    assert await socket.receive_nothing(timeout=0.2)
    await socket.disconnect()


@pytest.mark.bar(10)
async def test_a_page_that_reconnects_gets_only_what_it_missed(open_socket: Open, engineer: User, job: Job) -> None:
    for stage in ("one", "two", "three"):
        await progress(job, stage)
    socket = await database_sync_to_async(open_socket)(engineer, since="3")
    await socket.connect(timeout=10)
    assert await stages(socket, 1) == [(4, "three")]
    assert await socket.receive_nothing(timeout=0.2)
    await socket.disconnect()


@pytest.mark.bar(10)
async def test_a_burst_arrives_whole_and_in_order_on_every_socket(open_socket: Open, engineer: User, job: Job) -> None:
    sockets = [await database_sync_to_async(open_socket)(engineer, since="1") for _ in range(3)]
    for socket in sockets:
        await socket.connect(timeout=10)
    for number in range(150):
        await progress(job, f"step {number}")
    for socket in sockets:
        assert [sequence for sequence, _ in await stages(socket, 150)] == list(range(2, 152))
        assert await socket.receive_nothing(timeout=0.05)
        await socket.disconnect()


async def test_an_event_of_a_rolled_back_transaction_is_not_announced(
    open_socket: Open, engineer: User, job: Job
) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    await socket.connect(timeout=10)

    def rolled_back() -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert job.claim is not None
            ledger.progress(job.pk, job.claim, "undone", {})
            raise ZeroDivisionError

    await database_sync_to_async(rolled_back)()
    await progress(job, "kept")
    assert await stages(socket, 1) == [(2, "kept")]
    await socket.disconnect()


@pytest.mark.parametrize("since", ["-1", "abc", "99999999999", "١", "1e3"])
async def test_a_number_that_is_none_is_refused(open_socket: Open, engineer: User, since: str) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since=since)
    assert not (await socket.connect(timeout=10))[0]


async def test_nobody_gets_in_without_signing_in(open_socket: Open) -> None:
    socket = await database_sync_to_async(open_socket)(None)
    assert not (await socket.connect(timeout=10))[0]


async def test_a_stranger_and_a_job_that_does_not_exist_are_refused_alike(
    open_socket: Open, stranger: User, engineer: User
) -> None:
    theirs = await database_sync_to_async(open_socket)(stranger)
    missing = await database_sync_to_async(open_socket)(engineer, job_id=uuid4())
    assert await theirs.connect(timeout=10) == await missing.connect()
    assert not (await (await database_sync_to_async(open_socket)(stranger)).connect(timeout=10))[0]


async def test_a_page_of_another_site_is_refused(open_socket: Open, engineer: User) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, origin="https://evil.example")
    assert not (await socket.connect(timeout=10))[0]


async def test_a_reader_of_the_subject_gets_in(open_socket: Open, stranger: User) -> None:
    job_subject_access("probe")(lambda user, subject_id: True)
    socket = await database_sync_to_async(open_socket)(stranger)
    assert (await socket.connect(timeout=10))[0]
    await socket.disconnect()


def signed_out_elsewhere(user: User) -> None:
    Session.objects.all().delete()


def run_out(user: User) -> None:
    Session.objects.update(expire_date=now() - timedelta(seconds=1))


def account_closed(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def password_changed(user: User) -> None:
    user.set_password("another good password")
    user.save(update_fields=["password"])


def role_withdrawn(user: User) -> None:
    job_subject_access("probe")(lambda user, subject_id: False)


def app_asked_for(user: User) -> None:
    settings.NOFX_REQUIRE_TOTP = "all"


ENDINGS = [signed_out_elsewhere, run_out, account_closed, password_changed, role_withdrawn, app_asked_for]
ACCESS_ENDED = {"type": "websocket.close", "code": 4403}


@pytest.fixture
def no_app_needed() -> Iterator[None]:
    with override_settings(NOFX_REQUIRE_TOTP="none"):
        yield


@pytest.mark.usefixtures("no_app_needed")
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_what_happens_after_access_ended_is_not_sent(
    open_socket: Open, engineer: User, job: Job, end: Callable[[User], None]
) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    assert (await socket.connect(timeout=10))[0]
    await progress(job, "seen")
    assert await stages(socket, 1) == [(2, "seen")]
    await database_sync_to_async(end)(engineer)
    for stage in ("secret", "another"):
        await progress(job, stage)
    assert await socket.receive_output(timeout=30) == ACCESS_ENDED
    assert await socket.receive_nothing(timeout=0.2)


@pytest.mark.usefixtures("no_app_needed")
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_a_socket_closes_by_itself_where_nothing_happens(
    open_socket: Open, engineer: User, monkeypatch: pytest.MonkeyPatch, end: Callable[[User], None]
) -> None:
    assert listener.LOOK_AGAIN_SECONDS <= 5
    monkeypatch.setattr(listener, "LOOK_AGAIN_SECONDS", 0.05)
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    assert (await socket.connect(timeout=10))[0]
    await database_sync_to_async(end)(engineer)
    assert await socket.receive_output(timeout=30) == ACCESS_ENDED


@pytest.mark.usefixtures("no_app_needed")
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_nobody_comes_back_after_access_ended(
    open_socket: Open, engineer: User, end: Callable[[User], None]
) -> None:
    socket = await database_sync_to_async(open_socket)(engineer)
    await database_sync_to_async(end)(engineer)
    assert not (await socket.connect(timeout=10))[0]


async def test_the_session_of_somebody_else_ends_nothing(
    open_socket: Open, engineer: User, stranger: User, job: Job
) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    assert (await socket.connect(timeout=10))[0]
    await database_sync_to_async(account_closed)(stranger)
    await progress(job, "seen")
    assert await stages(socket, 1) == [(2, "seen")]
    await socket.disconnect()


async def test_what_a_page_sends_is_ignored(open_socket: Open, engineer: User, job: Job) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    await socket.connect(timeout=10)
    await socket.send_to(text_data="{not json")
    await socket.send_to(bytes_data=b"\xff\x00")
    await progress(job, "still here")
    assert await stages(socket, 1) == [(2, "still here")]
    await socket.disconnect()


async def test_events_during_a_broken_database_connection_are_caught_up(
    open_socket: Open, engineer: User, job: Job
) -> None:
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    await socket.connect(timeout=10)
    await progress(job, "before")
    await stages(socket, 1)
    await database_sync_to_async(_end_listeners)()
    await progress(job, "in the gap")
    assert await stages(socket, 1) == [(3, "in the gap")]
    await progress(job, "after")
    assert await stages(socket, 1) == [(4, "after")]
    await socket.disconnect()


def _end_listeners() -> None:
    target = connection.settings_dict
    with psycopg.connect(
        host=target["HOST"],
        port=target["PORT"],
        user=target["USER"],
        password=target["PASSWORD"],
        dbname=target["NAME"],
        autocommit=True,
    ) as database:
        ended = database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'nofx live pages' AND datname = current_database()"
        ).fetchall()
    assert ended == [(True,)]


async def test_the_listener_ends_with_the_last_socket(open_socket: Open, engineer: User) -> None:
    loop = asyncio.get_running_loop()
    assert loop not in listener._listeners or listener._listeners[loop].task is None
    first = await database_sync_to_async(open_socket)(engineer)
    second = await database_sync_to_async(open_socket)(engineer)
    await first.connect(timeout=10)
    await second.connect(timeout=10)
    task = listener._listeners[loop].task
    assert task is not None
    await first.disconnect()
    assert not task.done()
    await second.disconnect()
    assert task.done()


@pytest.mark.redis
async def test_with_redis_the_events_come_through_its_channel_layer(
    open_socket: Open, engineer: User, job: Job, settings: Any, redis_url: str
) -> None:
    settings.REDIS_URL = redis_url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [{"address": redis_url, "socket_timeout": 30}]},
        }
    }
    socket = await database_sync_to_async(open_socket)(engineer, since="1")
    await socket.connect(timeout=10)
    for number in range(30):
        await progress(job, f"step {number}")
    assert [sequence for sequence, _ in await stages(socket, 30)] == list(range(2, 32))
    await socket.disconnect()
