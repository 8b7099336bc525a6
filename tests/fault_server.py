"""
A real HTTP server that speaks the OpenAI protocol and misbehaves on request.

Used by tests and by acceptance runs::

    with FaultServer() as server:
        server.answers(["def f(): ...", Fault.too_many(retry_after="0"), "def f(): return 1"])
        ...  # point a provider's base_url at server.url
        assert len(server.requests) == 3

Texts and faults are used in order, one for each request; the last one repeats. ``by_prompt`` decides by the request
instead. Every request is recorded, with its headers, before it is answered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

_PIECE = 6


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes = b""

    @property
    def prompt(self) -> str:
        """All messages, joined."""
        return "\n".join(str(message.get("content", "")) for message in self.body.get("messages", []))


@dataclass(frozen=True)
class Fault:
    """One way to misbehave; made by the functions below."""

    kind: str
    text: str = ""
    status: int = 200
    retry_after: str | None = None
    size: int = 0
    seconds: float = 0.0
    content_type: str = "application/json"
    is_whole: bool = False

    @property
    def whole(self) -> Fault:
        """The same fault in one whole completion, as servers send it that do not stream."""
        return replace(self, is_whole=True)

    @classmethod
    def too_many(cls, retry_after: str | None = None) -> Fault:
        """HTTP 429."""
        return cls("status", '{"error": {"message": "Too many requests.", "code": "rate_limit"}}', 429, retry_after)

    @classmethod
    def failure(cls, status: int = 500, body: str = '{"error": {"message": "It broke."}}') -> Fault:
        """Any HTTP status with any body."""
        return cls("status", body, status)

    @classmethod
    def echo_key(cls, status: int = 401) -> Fault:
        """An error whose body repeats the key that was sent."""
        return cls("echo_key", "", status)

    @classmethod
    def unknown_parameter(cls, name: str) -> Fault:
        """HTTP 400 that names a parameter."""
        body = {"error": {"message": f"Unsupported parameter: {name}", "param": name, "code": "unsupported_parameter"}}
        return cls("status", json.dumps(body), 400)

    @classmethod
    def redirect(cls, location: str) -> Fault:
        """HTTP 307 to somewhere else."""
        return cls("redirect", location, 307)

    @classmethod
    def hang(cls) -> Fault:
        """Take the request and never answer."""
        return cls("hang")

    @classmethod
    def hang_after(cls, text: str) -> Fault:
        """Stream *text*, then say nothing more and keep the connection."""
        return cls("hang_after", text)

    @classmethod
    def drop(cls) -> Fault:
        """Close the connection without a word."""
        return cls("drop")

    @classmethod
    def cut(cls, text: str) -> Fault:
        """Break the connection in mid-stream."""
        return cls("cut", text)

    @classmethod
    def unfinished(cls, text: str) -> Fault:
        """End the stream politely, but before the answer's end."""
        return cls("unfinished", text)

    @classmethod
    def invalid_json(cls, event: str = '{"choices": [{"delta": {"content": "def') -> Fault:
        """A stream with an event that is no JSON."""
        return cls("event", event)

    @classmethod
    def error_in_stream(cls, message: str = "The model crashed.") -> Fault:
        """A stream that carries an error."""
        return cls("event", json.dumps({"error": {"message": message}}))

    @classmethod
    def empty_choice(cls) -> Fault:
        """A finished answer without text."""
        return cls("text", "")

    @classmethod
    def no_choices(cls) -> Fault:
        """A stream whose events hold no choice at all."""
        return cls("event", json.dumps({"choices": []}))

    @classmethod
    def refusal(cls, text: str = "I cannot help with that.") -> Fault:
        """The model declines, in the protocol's own field."""
        event = {"choices": [{"index": 0, "delta": {"refusal": text}, "finish_reason": "stop"}]}
        return cls("event", json.dumps(event))

    @classmethod
    def truncated(cls, text: str) -> Fault:
        """The server stops at its token limit."""
        return cls("truncated", text)

    @classmethod
    def wrong_content_type(cls, content_type: str = "text/html") -> Fault:
        """A page where an answer was expected."""
        return cls("status", "<html>Welcome to the proxy</html>", 200, content_type=content_type)

    @classmethod
    def not_streaming(cls, text: str) -> Fault:
        """A server that ignores ``stream`` and sends one whole completion."""
        return cls("whole", text)

    @classmethod
    def huge(cls, size: int = 50_000_000) -> Fault:
        """*size* bytes in one event, without a line end."""
        return cls("huge", size=size)

    @classmethod
    def huge_failure(cls, size: int = 50_000_000) -> Fault:
        """HTTP 500 with *size* bytes of body."""
        return cls("huge", size=size, status=500)

    @classmethod
    def compressed(cls) -> Fault:
        """A body that claims to be compressed."""
        return cls("compressed")

    @classmethod
    def endless(cls) -> Fault:
        """Tokens without end, as fast as they go."""
        return cls("endless")

    @classmethod
    def slow(cls, text: str, seconds: float = 0.05) -> Fault:
        """One letter each *seconds*."""
        return cls("slow", text, seconds=seconds)


Reply = str | Fault


class FaultServer:
    """The server; a context manager. Its requests may come from many threads."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._script: list[Reply] = ["pass"]
        self._decide: Callable[[Request], Reply] | None = None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The base URL of a provider."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def answers(self, replies: Sequence[Reply]) -> None:
        """Answer the coming requests with *replies*, in order; the last one repeats."""
        if not replies:
            raise ValueError("A script needs at least one reply.")
        with self._lock:
            self._script, self._decide = list(replies), None

    def coming(self) -> tuple[Reply, ...]:
        """Return the replies of the script that have not been given, as ``answers`` takes them."""
        with self._lock:
            return tuple(self._script)

    def by_prompt(self, decide: Callable[[Request], Reply]) -> None:
        """Answer each request with what *decide* returns for it; it is called by many threads, one at a time."""
        with self._lock:
            self._decide = decide

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def reply(self, request: Request) -> Reply:
        """Record *request* and return what to do with it."""
        with self._lock:
            self.requests.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            if self._decide:
                return self._decide(request)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def finished(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._now -= 1

    def wait(self, seconds: float) -> bool:
        """Wait, at most until the server closes; returns whether it does."""
        return self._closing.wait(seconds)


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        faults = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    faults: FaultServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """The list of models."""
        self._send(200, json.dumps({"object": "list", "data": [{"id": "faulty", "object": "model"}]}))

    def do_POST(self) -> None:
        """A chat completion, or whatever the script says."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, json.loads(raw or b"{}"), raw)
        reply = self.faults.reply(request)
        try:
            self._answer(request, Fault("text", reply) if isinstance(reply, str) else reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has had enough, which is often what is tested
        finally:
            self.faults.finished()

    def _answer(self, request: Request, fault: Fault) -> None:
        match fault.kind:
            case "status":
                self._send(fault.status, fault.text, fault.content_type, fault.retry_after)
            case "echo_key":
                sent = request.headers.get("authorization", "")
                self._send(fault.status, json.dumps({"error": {"message": f"Wrong key: {sent}"}}))
            case "redirect":
                self.send_response(fault.status)
                self.send_header("Location", fault.text)
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "hang":
                self.faults.wait(600)
                self.close_connection = True
            case "drop":
                self.close_connection = True
            case "whole":
                self._send(200, json.dumps(_whole(request, fault.text)))
            case "compressed":
                self._send(200, "not really", "text/event-stream", extra={"Content-Encoding": "gzip"})
            case "text" if not request.body.get("stream"):
                self._send(200, json.dumps(_whole(request, fault.text)))
            case _ if fault.is_whole or not request.body.get("stream"):
                self._send_whole(request, fault)
            case _:
                self._stream(request, fault)

    def _send(
        self,
        status: int,
        text: str,
        content_type: str = "application/json",
        retry_after: str | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(data)

    def _send_whole(self, request: Request, fault: Fault) -> None:
        """One JSON document, of which a fault may break off, delay or swell the body."""
        data = fault.text.encode() if fault.kind == "event" else json.dumps(_whole(request, fault.text)).encode()
        if fault.kind == "truncated":
            data = data.replace(b'"finish_reason": "stop"', b'"finish_reason": "length"')
        if fault.kind == "unfinished":
            data = data.replace(b'"finish_reason": "stop"', b'"finish_reason": null')
        size = fault.size if fault.kind == "huge" else len(data)
        self.send_response(fault.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if fault.kind == "huge":
            for _ in range(0, size, 1 << 16):
                self.wfile.write(b"x" * (1 << 16))
        elif fault.kind in {"cut", "hang_after"}:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = fault.kind == "cut" or self.faults.wait(600)
        else:
            self._drip(data, fault.seconds)

    def _drip(self, data: bytes, seconds: float) -> None:
        step = 1 if seconds else len(data)
        for start in range(0, len(data), step):
            if seconds and self.faults.wait(seconds):
                return
            self.wfile.write(data[start : start + step])
            self.wfile.flush()

    def _stream(self, request: Request, fault: Fault) -> None:
        self.send_response(fault.status)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for data in self._pieces(request, fault):
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if fault.kind == "cut":
            self.close_connection = True
            return
        if fault.kind == "hang_after":
            self.faults.wait(600)
        self.wfile.write(b"0\r\n\r\n")

    def _pieces(self, request: Request, fault: Fault) -> Iterator[bytes]:
        if fault.kind == "event":
            yield f"data: {fault.text}\n\n".encode() + b"data: [DONE]\n\n"
        elif fault.kind == "huge":
            yield b"data: "
            for _ in range(0, fault.size, 1 << 16):
                yield b"x" * (1 << 16)
        elif fault.kind == "endless":
            while not self.faults.wait(0):
                yield _event(request, "x = 1\n")
        else:
            yield from self._text_pieces(request, fault)

    def _text_pieces(self, request: Request, fault: Fault) -> Iterator[bytes]:
        size = 1 if fault.kind == "slow" else _PIECE
        for start in range(0, len(fault.text), size):
            if fault.seconds and self.faults.wait(fault.seconds):
                return
            yield _event(request, fault.text[start : start + size])
        if fault.kind in {"cut", "unfinished", "hang_after"}:
            return
        yield _event(request, None, "length" if fault.kind == "truncated" else "stop")
        if request.body.get("stream_options"):
            usage = {"model": _model(request), "choices": [], "usage": _usage(request, fault.text)}
            yield f"data: {json.dumps(usage)}\n\n".encode()
        yield b"data: [DONE]\n\n"


def _model(request: Request) -> str:
    return str(request.body.get("model", "faulty"))


def _usage(request: Request, text: str) -> dict[str, int]:
    prompt, completion = len(request.prompt) // 4, len(text) // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _whole(request: Request, text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {
        "id": "whole",
        "object": "chat.completion",
        "model": _model(request),
        "choices": [choice],
        "usage": _usage(request, text),
    }


def _event(request: Request, text: str | None, finish: str | None = None) -> bytes:
    delta = {"content": text} if text is not None else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "piece", "object": "chat.completion.chunk", "model": _model(request), "choices": [choice]}
    return f"data: {json.dumps(event)}\n\n".encode()
