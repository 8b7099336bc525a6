"""One installation of the platform on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from nofx.env import Environment
from nofx.supervisor.home import Home


@dataclass(frozen=True)
class Platform:
    """One installation: its environment and its folder."""

    environment: Environment

    @property
    def home(self) -> Home:
        return Home(self.environment.home)

    @property
    def is_embedded(self) -> bool:
        return not self.environment["DATABASE_URL"]

    def address(self, port: int) -> str:
        """Return what to type into a browser."""
        return f"http://{reachable(self.environment['NOFX_HOST'])}:{port}/"


def reachable(host: str) -> str:
    """Return an address of this machine for a server that listens on *host*."""
    return "127.0.0.1" if host in {"0.0.0.0", "", "::"} else host  # noqa: S104  compared with, not bound to
