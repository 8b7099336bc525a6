"""The database that starts itself, used when DATABASE_URL is not set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nofx.embedded import postgres, roles


@dataclass(frozen=True)
class EmbeddedUrls:
    """The addresses of the embedded database: for web and workers, and for migrations."""

    app: str
    owner: str


def urls(home: Path, *, durable: bool = True) -> EmbeddedUrls:
    """
    Start the embedded database of *home* when it is down and return its addresses.

    :raises EmbeddedPostgresError: it cannot be started; the message says why and what to do.
    """
    cluster = postgres.ensure_running(home / "postgres", durable=durable)
    return EmbeddedUrls(app=cluster.url(roles.APPLICATION), owner=cluster.url(roles.OWNER))
