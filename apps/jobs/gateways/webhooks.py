"""
One POST to an address that somebody else chose.

The name is resolved once and judged, and the connection goes to the very address that was judged, so that a name
server that answers differently the second time gains nothing. Redirects are not followed, proxies not asked; time and
size of the answer are limited.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from apps.jobs.engine.addresses import Target, address_refusal

TIMEOUT_S = 10.0
ANSWER_LIMIT = 4_000


class Undelivered(Exception):
    """Nothing that could be called an answer came; the message is a sentence for a person."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the beginning of the body."""

    status: int
    text: str


def webhook_post(target: Target, *, headers: Mapping[str, str], body: bytes, timeout_s: float = TIMEOUT_S) -> Answer:
    """
    Send *body* and return the answer; takes at most *timeout_s* seconds once the name is resolved.

    :raises Undelivered: the address may not be used, cannot be reached, or does not answer in time.
    """
    addresses = _resolve(target)
    deadline = time.monotonic() + timeout_s
    connection = _connect(target, addresses, deadline)
    watch = _Watch(connection, deadline)
    try:
        with watch:
            answer = _exchange(target, connection, headers, body, deadline)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: reading from a connection that the watch has closed meanwhile.
        if watch.has_struck or isinstance(error, TimeoutError):
            raise Undelivered(_late(timeout_s)) from error
        raise Undelivered(_words(error)) from error
    finally:
        connection.close()
    if watch.has_struck:
        raise Undelivered(_late(timeout_s))
    return answer


def _late(timeout_s: float) -> str:
    return f"There was no whole answer within {timeout_s:g} seconds."


class _Watch:
    """Ends the connection at the deadline, whatever the other side drips."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        # A handle of its own: TLS takes the first one over.
        self._handle = socket.socket(fileno=os.dup(connection.fileno()))
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._strike)
        self._timer.daemon = True
        self.has_struck = False

    def _strike(self) -> None:
        self.has_struck = True
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It has ended by itself.

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._handle.close()


def _resolve(target: Target) -> list[tuple[int, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Undelivered("The name of the host cannot be resolved.") from error
    addresses = [(family, sockaddr) for family, _, _, _, sockaddr in found]
    for _, sockaddr in addresses:
        if not target.is_internal and (refusal := address_refusal(str(sockaddr[0]))):
            raise Undelivered(f"{target.host} is refused: {refusal}")
    if not addresses:
        raise Undelivered("The name of the host cannot be resolved.")
    return addresses  # type: ignore[return-value]  # only the internet's families come for a host and a port


def _connect(target: Target, addresses: list[tuple[int, tuple[str, int]]], deadline: float) -> socket.socket:
    last: OSError | None = None
    for family, sockaddr in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            connection.connect(sockaddr)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise Undelivered(f"No connection to {target.host} at port {target.port}.") from last


def _exchange(
    target: Target, connection: socket.socket, headers: Mapping[str, str], body: bytes, deadline: float
) -> Answer:
    if target.scheme == "https":
        connection = ssl.create_default_context().wrap_socket(connection, server_hostname=target.host)
        speaker: http.client.HTTPConnection = http.client.HTTPSConnection(target.host, target.port)
    else:
        speaker = http.client.HTTPConnection(target.host, target.port)
    connection.settimeout(max(0.1, deadline - time.monotonic()))
    speaker.auto_open = 0
    speaker.sock = connection
    try:
        speaker.request("POST", target.path, body=body, headers=dict(headers))
        answer = speaker.getresponse()
        text = answer.read(ANSWER_LIMIT)
        return Answer(answer.status, text.decode("utf-8", "replace"))
    finally:
        speaker.close()


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "No encrypted connection could be made."
    if isinstance(error, http.client.HTTPException):
        return "What came back is no HTTP."
    return "The connection broke before there was an answer."
