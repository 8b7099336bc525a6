"""The live socket of one job: what was missed, in order, then what happens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from apps.core.errors import NotFound
from apps.governance.selectors.sign_in import session_person
from apps.jobs import selectors
from apps.jobs.events import group_of
from apps.jobs.gateways.listener import PROCESS_GROUP, listening
from apps.jobs.models import JobEvent

MAX_SEQUENCE = 2**31 - 1
ACCESS_ENDED = 4403


class JobConsumer(AsyncJsonWebsocketConsumer):
    """
    ``/ws/jobs/<uuid>/?since=<n>``: every event after number ``n`` as ``{"sequence", "stage", "data", "at"}``.

    Whoever may not see the job is refused like one who asks for a job that does not exist. Events are read from the
    ledger; an announcement only says that there is something to read, so nothing is lost or sent twice. Whoever may see
    the job no more, because their session ended, their account was closed, their password changed or a role was
    withdrawn, is sent nothing further: the socket closes at the next event, or within seconds where there is none.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with listening():
            await super().__call__(scope, receive, send)

    async def connect(self) -> None:
        self.job_id: UUID = self.scope["url_route"]["kwargs"]["job_id"]
        self.is_over = False
        since = _since(self.scope["query_string"])
        if since is None:
            await self.close()
            return
        self.sent = since
        missed = await self._news()
        if missed is None:
            await self.close()
            return
        for group in (group_of(self.job_id), PROCESS_GROUP):
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        await self._send(missed)
        await self._catch_up()

    async def disconnect(self, code: int) -> None:
        for group in (group_of(self.job_id), PROCESS_GROUP):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Nothing that a page sends is acted on; pages act through forms."""

    async def job_event(self, message: dict[str, Any]) -> None:
        if message["sequence"] > self.sent:
            await self._catch_up()

    async def job_look_again(self, message: dict[str, Any]) -> None:
        await self._catch_up()

    async def _catch_up(self) -> None:
        while not self.is_over:
            events = await self._news()
            if events is None:
                self.is_over = True
                await self.close(code=ACCESS_ENDED)
            elif events:
                await self._send(events)
            else:
                return

    async def _send(self, events: list[JobEvent]) -> None:
        for event in events:
            await self.send_json(
                {
                    "sequence": event.sequence,
                    "stage": event.stage,
                    "data": event.data,
                    "at": event.created_at.isoformat(),
                }
            )
            self.sent = event.sequence

    @database_sync_to_async
    def _news(self) -> list[JobEvent] | None:
        """
        Return the next events to send; None once the person may see them no more.

        Asked anew before each sending: a socket can outlive its session, and a session a person's access.
        """
        user = session_person(self.scope["session"].session_key)
        if user is None:
            return None
        try:
            selectors.job_get(job_id=self.job_id, user=user)
        except NotFound:
            return None
        return list(selectors.events_since(job_id=self.job_id, sequence=self.sent))


def _since(query: bytes) -> int | None:
    """Return the number after ``since=``, 0 without one, None when it is no number of an event."""
    text = parse_qs(query.decode("ascii", "replace")).get("since", ["0"])[-1]
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_SEQUENCE:
        return None
    return int(text)
