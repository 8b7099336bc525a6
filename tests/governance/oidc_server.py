"""
A small OpenID Connect issuer over HTTP, which a test can make lie.

It speaks the authorisation code flow with PKCE: discovery, authorize, token (RS256), keys and userinfo. Nobody is asked
for anything: ``subject`` is whom it vouches for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, SECRET = "nofx", "only for the tests"
KEY_ID = "one"


@dataclass
class Issuer:
    """The issuer: whom it vouches for, and how it misbehaves."""

    url: str = ""
    subject: str = "248289761001"
    told: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "ada", "name": "Ada Lovelace"})
    # Claims of the token that are put in place of the right ones; None leaves one out.
    lies: dict[str, Any] = field(default_factory=dict)
    calls_itself: str = ""
    signs_with: str = "RS256"
    is_forger: bool = False
    userinfo_subject: str = ""
    is_down: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.calls_itself or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        self.asked.append(query)
        code = secrets.token_urlsafe(12)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code; None where something does not fit."""
        query = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            query is None
            or form.get("client_secret") != SECRET
            or query.get("code_challenge") != challenge.decode().rstrip("=")
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": query["nonce"],
            "auth_time": now,
            **self.told,
            **self.lies,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = rsa.generate_private_key(65537, 2048) if self.is_forger else self._key
        if self.signs_with == "HS256":
            key = SECRET * 2
        if self.signs_with == "none":
            key = None
        token = jwt.encode(claims, key, algorithm=self.signs_with, headers={"kid": KEY_ID})
        return {"access_token": secrets.token_urlsafe(12), "token_type": "Bearer", "id_token": token}

    def userinfo(self) -> dict[str, Any]:
        return {"sub": self.userinfo_subject or self.subject, **self.told}


@contextmanager
def issuer_running() -> Iterator[Issuer]:
    """An issuer that answers on a free port until the block ends."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if issuer.is_down:
                self._send(503, {})
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", issuer.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                pages = {
                    "/.well-known/openid-configuration": issuer.discovery,
                    "/keys": issuer.keys,
                    "/userinfo": issuer.userinfo,
                }
                self._send(200, pages[parts.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = issuer.token({name: values[0] for name, values in parse_qs(body).items()})
            self._send(200 if answer else 400, answer or {"error": "invalid_grant"})

        def _send(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
