"""
A small GitHub over HTTP, which a test can make answer as it never should.

It plays a server of one's own: authorize, access_token (PKCE, as GitHub keeps it), and under /api/v3 user and
user/emails. Nobody is asked for anything: ``profile`` is who sits before the browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID, SECRET = "nofx-github", "only for the tests"


@dataclass
class Github:
    """The server: who is there, which addresses are theirs, and how it misbehaves."""

    url: str = ""
    profile: Any = field(default_factory=lambda: {"id": 583231, "login": "ada", "name": "Ada Lovelace", "email": None})
    emails: Any = field(default_factory=lambda: [{"email": "ada@example.org", "primary": True, "verified": True}])
    is_denied: bool = False
    # What is answered in place of the right thing, by path: a status, and a document or bytes.
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        self.asked.append(query)
        if self.is_denied:
            told = {"error": "access_denied", "error_description": "The user has denied your application access."}
        else:
            told = {"code": secrets.token_hex(10)}
            self._codes[told["code"]] = query
        return f"{query['redirect_uri']}?{urlencode({**told, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Return a token for a code, once; a refusal is answered with 200, as GitHub does."""
        query = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if form.get("client_secret") != SECRET:
            return {"error": "incorrect_client_credentials"}
        if query is None or query["code_challenge"] != challenge.decode().rstrip("="):
            return {"error": "bad_verification_code", "error_description": "The code is incorrect or expired."}
        token = f"gho_{secrets.token_hex(10)}"
        self._tokens.add(token)
        return {"access_token": token, "token_type": "bearer", "scope": "user:email"}

    def resource(self, path: str, authorization: str) -> tuple[int, Any]:
        """Return what stands at *path* for whoever has a token."""
        self.shown.append(authorization)
        if authorization.removeprefix("Bearer ") not in self._tokens:
            return 401, {"message": "Bad credentials"}
        found = {"/api/v3/user": self.profile, "/api/v3/user/emails": self.emails}.get(path)
        return (404, {"message": "Not Found"}) if found is None else (200, found)


@contextmanager
def github_running() -> Iterator[Github]:
    """A GitHub that answers on a free port until the block ends."""
    github = Github()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/login/oauth/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", github.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            right = github.resource(parts.path, self.headers.get("Authorization", ""))
            self._send(*github.answers.get(parts.path, right))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            path = urlsplit(self.path).path
            right = (200, github.token(form)) if path == "/login/oauth/access_token" else (404, {})
            self._send(*github.answers.get(path, right))

        def _send(self, status: int, document: Any) -> None:
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
