"""A web server with one file, ranges, and the faults that downloads meet."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class FileServer:
    """Serves *content* at ``url``; a context manager. ``ranges`` records what was asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges: list[str | None] = []
        self.cut_after: int | None = None
        self.hang_after: int | None = None
        self.status: int | None = None
        self.knows_ranges = True
        self.closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/model.gguf"

    def __enter__(self) -> FileServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        files = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    files: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """The file, or what is asked of it."""
        files, wanted = self.files, self.headers.get("Range")
        files.ranges.append(wanted)
        if files.status:
            self.send_response(files.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and files.knows_ranges else 0
        body = files.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(files.content) - 1}/{len(files.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self._send(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, body: bytes) -> None:
        files = self.files
        if files.cut_after is not None:
            self.wfile.write(body[: files.cut_after])
            self.close_connection = True
        elif files.hang_after is not None:
            self.wfile.write(body[: files.hang_after])
            self.wfile.flush()
            files.closing.wait(60)
            self.close_connection = True
        else:
            self.wfile.write(body)
