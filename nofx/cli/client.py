"""A client of the platform's API, as small as the commands need."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from apps.core.errors import NofxError
from nofx.env import VARIABLES, Environment
from nofx.supervisor.home import Home

_TIMEOUT_S = 60.0


class ApiRefused(NofxError):
    """The platform answered with a problem; ``status`` is its HTTP status, ``problem`` its code."""

    code = "api_refused"

    def __init__(self, message: str, *, status: int, remedy: str = "", problem: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.problem = problem


class Unreachable(NofxError):
    """Nothing answers at the platform's address."""

    code = "unreachable"
    status = 503


class NotSignedIn(NofxError):
    """There is no token to show."""

    code = "not_signed_in"
    status = 401


def address(environment: Environment) -> str:
    """Return the platform's address: NOFX_URL, else that of the platform that runs in this folder."""
    default = next(variable.default for variable in VARIABLES if variable.name == "NOFX_URL")
    port = Home(environment.home).read_state().get("port")
    if environment["NOFX_URL"] == default and port:
        return f"http://127.0.0.1:{port}"
    return environment["NOFX_URL"]


def token_file(environment: Environment) -> Path:
    """Return where the token is kept."""
    return environment.home / "token"


def token(environment: Environment) -> str:
    """
    Return the API token: NOFX_TOKEN, else the file.

    :raises NotSignedIn: there is neither.
    """
    if environment["NOFX_TOKEN"]:
        return environment["NOFX_TOKEN"]
    path = token_file(environment)
    if not path.exists():
        raise NotSignedIn("There is no API token.", remedy="Run `nofx login`, or set NOFX_TOKEN.")
    return path.read_text().strip()


def token_keep(environment: Environment, secret: str) -> Path:
    """Write the token to its file, readable by its owner only."""
    path = token_file(environment)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(secret + "\n")
    return path


@dataclass(frozen=True)
class Client:
    """Speaks JSON to the API at *url*, with a bearer token where there is one."""

    url: str
    token: str = ""

    def get(self, path: str) -> Any:
        """Return the JSON at *path*."""
        return self._send("GET", path, None)

    def post(self, path: str, body: dict[str, Any], *, idempotency_key: str) -> Any:
        """Send *body*; sent twice with the same key it counts once."""
        return self._send("POST", path, body, {"Idempotency-Key": idempotency_key})

    def lines(self, path: str) -> Iterator[bytes]:
        """
        Return the lines at *path* as they come, however many they are.

        :raises ApiRefused: the platform answered with a problem.
        :raises Unreachable: it did not answer, or stopped in the middle.
        """
        with self._open("GET", path, None, {}) as response:
            try:
                yield from response
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(
                    f"The platform at {self.url} stopped in the middle of its answer.", remedy="Ask again."
                ) from error

    def _send(self, method: str, path: str, body: Any, extra: dict[str, str] | None = None) -> Any:
        """
        :raises ApiRefused: the platform answered with a problem.
        :raises Unreachable: it did not answer.
        """
        with self._open(method, path, body, extra or {}) as response:
            try:
                return json.load(response)
            except (OSError, json.JSONDecodeError) as error:
                raise self._unreachable(error) from error

    def _open(self, method: str, path: str, body: Any, extra: dict[str, str]) -> http.client.HTTPResponse:
        if not self.url.startswith(("http://", "https://")):
            raise Unreachable(f"{self.url!r} is not an address.", remedy="Set NOFX_URL to http://… or https://…")
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            self.url.rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
                "Accept": "application/json",
                "Content-Type": "application/json",
                **extra,
            },
        )
        try:
            return cast("http.client.HTTPResponse", urllib.request.urlopen(request, timeout=_TIMEOUT_S))  # noqa: S310  the scheme is checked above
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except OSError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"The platform at {self.url} does not answer: {getattr(error, 'reason', error)}.",
            remedy="Start it with `nofx up`, or set NOFX_URL.",
        )


def _refusal(error: urllib.error.HTTPError) -> ApiRefused:
    """Return the problem+json of *error* as a sentence."""
    try:
        problem = json.load(error)
    except (json.JSONDecodeError, OSError):
        problem = {}
    message = problem.get("detail") or problem.get("title") or f"The platform answered {error.code}."
    remedy = problem.get("remedy", "")
    if error.code == 401 and not remedy:
        remedy = "Run `nofx login`."
    return ApiRefused(str(message), status=error.code, remedy=str(remedy), problem=str(problem.get("code", "")))
