"""
Brings announced events into this web process while it has open sockets.

Without Redis, Postgres notifies one connection in each web process, which passes everything on to the in-memory
channel layer. With Redis the layer itself brings them. In both cases open sockets are told now and then, and
after every gap in listening, to look for what they may have missed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4
from weakref import WeakKeyDictionary

import psycopg
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

from apps.jobs.events import NOTIFY_CHANNEL

# The group of all sockets of this process, also where other processes share the channel layer.
PROCESS_GROUP = f"jobs.process.{uuid4().hex}"
LOOK_AGAIN_SECONDS = 5.0
RECONNECT_SECONDS = 0.5

log = logging.getLogger(__name__)


class _Listener:
    """One task for all sockets of an event loop; it ends with the last of them."""

    def __init__(self) -> None:
        self.users = 0
        self.task: asyncio.Task[None] | None = None


_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, _Listener] = WeakKeyDictionary()


@asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """Hear of events in this event loop for the length of the block."""
    listener = _listeners.setdefault(asyncio.get_running_loop(), _Listener())
    listener.users += 1
    if listener.task is None:
        listener.task = asyncio.create_task(_look_again_at_times() if settings.REDIS_URL else _listen())
    try:
        yield
    finally:
        listener.users -= 1
        if listener.users == 0:
            task, listener.task = listener.task, None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _look_again() -> None:
    await get_channel_layer().group_send(PROCESS_GROUP, {"type": "job.look_again"})


async def _look_again_at_times() -> None:
    while True:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await _look_again()


async def _listen() -> None:
    while True:
        try:
            async with await _connect() as database:
                await database.execute(f"LISTEN {NOTIFY_CHANNEL}")
                await _look_again()
                while True:
                    # Nothing may be executed on a connection while its notifies() is being read.
                    async for notice in database.notifies(timeout=LOOK_AGAIN_SECONDS):
                        await _forward(notice.payload)
                    await _look_again()
        except (psycopg.Error, OSError) as error:
            log.warning("Live pages wait for the database: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)


async def _forward(payload: str) -> None:
    event = json.loads(payload)
    await get_channel_layer().group_send(event["group"], {"type": "job.event", "sequence": event["sequence"]})


async def _connect() -> psycopg.AsyncConnection:
    target = connection.settings_dict
    return await psycopg.AsyncConnection.connect(
        autocommit=True,
        host=target["HOST"],
        port=target["PORT"],
        user=target["USER"],
        password=target["PASSWORD"],
        dbname=target["NAME"],
        connect_timeout=10,
        application_name="nofx live pages",
        **{name: value for name, value in target["OPTIONS"].items() if name.startswith("ssl")},
    )
