"""A WebSocket client that reads JSON messages and notes when they came; nothing more."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from typing import Any

_CLOSE, _TEXT = 8, 1


async def listen(
    port: int, path: str, cookie: str, *, until: int, timeout: float
) -> list[tuple[float, dict[str, Any]]]:
    """
    Read the messages of the socket at *path* until one is number *until*, and return each with its arrival time.

    :raises ConnectionError: the socket was refused or closed early.
    :raises TimeoutError: the last message did not come within *timeout* seconds.
    """
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                f"Sec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
            ).encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode())
        came = []
        while True:
            kind, payload = await _frame(reader)
            if kind == _CLOSE:
                raise ConnectionError("closed early")
            if kind == _TEXT:
                message = json.loads(payload)
                came.append((time.time(), message))
                if message["data"].get("number") == until:
                    writer.close()
                    return came


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    elif length == 127:
        length = int.from_bytes(await reader.readexactly(8), "big")
    return first & 0x0F, await reader.readexactly(length)
