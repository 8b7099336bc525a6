"""Database connections from URLs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from nofx import embedded
from nofx.env import Environment


def connection(url: str) -> dict[str, Any]:
    """Return Django's settings for the Postgres at *url*."""
    parts = conninfo_to_dict(url)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{setting: parts.pop(name, "") for name, setting in known.items()},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c hnsw.ef_search=100", **parts},
    }


def database_url(environment: Environment, home: Path) -> str:
    """
    Return the connection of the role this process runs as.

    :raises ImproperlyConfigured: the owner is asked for and its connection is not named.
    """
    is_owner = environment["NOFX_DATABASE_ROLE"] == "owner"
    if not environment["DATABASE_URL"]:
        urls = embedded.urls(home)
        return urls.owner if is_owner else urls.app
    if not is_owner:
        return environment["DATABASE_URL"]
    if not environment["NOFX_MIGRATE_DATABASE_URL"]:
        raise ImproperlyConfigured(
            "Set NOFX_MIGRATE_DATABASE_URL: with DATABASE_URL, migrations need the owner's connection."
        )
    return environment["NOFX_MIGRATE_DATABASE_URL"]


def application_role(environment: Environment) -> str:
    """Return the name of the role that web and workers connect as; migrations grant it data access."""
    if not environment["DATABASE_URL"]:
        return embedded.roles.APPLICATION
    return str(conninfo_to_dict(environment["DATABASE_URL"]).get("user", ""))
