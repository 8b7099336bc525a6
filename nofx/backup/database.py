"""Dump and restore the database with PostgreSQL's own programs: those of the wheel, else those of the system."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nofx.backup.errors import BackupFailed, RestoreBroken, RestoreRefused
from nofx.embedded import postgres, roles
from nofx.embedded.binaries import wheel_programs
from nofx.env import Environment

GENESIS = "0" * 64


@dataclass(frozen=True)
class Database:
    """How the owner of the tables enters, and whether the server is the embedded one of the folder."""

    url: str
    is_embedded: bool


def database_of(environment: Environment) -> Database:
    """
    Return the database of an installation, started when it is embedded.

    :raises BackupFailed: with DATABASE_URL, the owner's connection is not named.
    """
    if not environment["DATABASE_URL"]:
        cluster = postgres.ensure_running(environment.home / "postgres")
        return Database(cluster.url(roles.OWNER), is_embedded=True)
    if not environment["NOFX_MIGRATE_DATABASE_URL"]:
        raise BackupFailed(
            "DATABASE_URL is set and NOFX_MIGRATE_DATABASE_URL is not.",
            remedy="Set it: backup and restore work as the owner of the tables.",
        )
    return Database(environment["NOFX_MIGRATE_DATABASE_URL"], is_embedded=False)


@dataclass(frozen=True)
class Facts:
    """What the dumped database holds, read in the very snapshot that was dumped."""

    entries: int
    head: str
    migrations: int
    repositories: tuple[str, ...]


def dump(database: Database, file: Path) -> Facts:
    """
    Write the whole database to *file*, in PostgreSQL's custom format, while everything goes on.

    :raises BackupFailed: ``pg_dump`` is missing or fails.
    """
    with psycopg.connect(database.url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        facts = Facts(
            entries=_one(connection, "SELECT coalesce(max(sequence), 0) FROM governance_auditevent"),
            head=_one(connection, "SELECT hash FROM governance_auditevent ORDER BY sequence DESC LIMIT 1") or GENESIS,
            migrations=_one(connection, "SELECT count(*) FROM django_migrations"),
            repositories=tuple(row[0] for row in connection.execute("SELECT path FROM repositories_repository")),
        )
        done = _run(database.url, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
    if done.returncode:
        raise BackupFailed(
            f"pg_dump failed: {_last(done.stderr)}", remedy="It must be at least as new as the server it reads."
        )
    return facts


def restore(database: Database, file: Path, home: Path) -> None:
    """
    Fill the empty *database* from *file*, all or nothing.

    :raises RestoreRefused: there are tables in it.
    :raises RestoreBroken: ``pg_restore`` is missing or fails.
    """
    with psycopg.connect(database.url) as connection:
        count = _one(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    if count:
        raise RestoreRefused(
            f"The database is not empty: it has {count} tables.", remedy="Restore into a database of its own."
        )
    url, options = database.url, ["--no-owner"]
    if database.is_embedded:
        # The superuser passes over the extension, which is there; every object becomes the owner's.
        url = postgres.ensure_running(home / "postgres").url(roles.SUPERUSER)
        options.append(f"--role={roles.OWNER}")
    done = _run(url, "pg_restore", "--no-comments", "--exit-on-error", "--single-transaction", *options, str(file))
    if done.returncode:
        raise RestoreBroken(
            f"pg_restore failed: {_last(done.stderr)}", remedy="The roles of the old server must exist; see README.md."
        )


def repositories_move(database: Database, old: str, new: Path) -> None:
    """Let the repositories that lay in the folder *old* be found in *new*."""
    with psycopg.connect(database.url) as connection:
        connection.execute(
            "UPDATE repositories_repository SET path = %s || substr(path, %s) WHERE starts_with(path, %s)",
            [str(new), len(old) + 1, f"{old}/"],
        )


def _one(connection: psycopg.Connection, query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _run(url: str, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run *program* on the database at *url*, whose password never shows in the list of processes."""
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", "") or "")
    path = _program(program)
    return subprocess.run(
        [path, f"--dbname={make_conninfo('', **parts)}", *options],
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PGPASSWORD": password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _program(name: str) -> str:
    wheel = wheel_programs() / name
    found = str(wheel) if wheel.exists() else shutil.which(name)
    if found is None:
        raise BackupFailed(f"There is no {name} on this machine.", remedy="Install PostgreSQL's client programs.")
    return found


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if "error" in line.lower()]
    return (lines or text.strip().splitlines() or ["it ended without a word"])[0]
