"""Everything between an empty folder, or a stopped platform, and processes that may start."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

import apps
import nofx
from apps.providers.local.catalogue import CHOICES, Model
from apps.sandbox.services import sandbox_probe
from nofx import embedded
from nofx.env import Environment
from nofx.supervisor import ports, processes
from nofx.supervisor.application_role import application_role_require
from nofx.supervisor.errors import DatabaseNewer, DiskFull, StartRefused
from nofx.supervisor.home import Home
from nofx.supervisor.loop import child_environment
from nofx.supervisor.platform import Platform

_ROOM_BYTES = 200_000_000

Say = Callable[[str], None]


def prepare(platform: Platform, say: Say) -> dict[str, Any]:
    """
    Start, migrate and furnish the database, and choose the port.

    Where code, settings and applied migrations are those of the last success, there is nothing to migrate or to make,
    and that is not looked for again: loading the whole platform to find nothing takes seconds.

    :raises NofxError: one of them is impossible now.
    """
    home = platform.home
    _refuse_halves(platform)
    ports.choose(platform.environment, home)  # Refused before anything is made; chosen when it is needed, at the end.
    to_fetch = _models_to_fetch(platform)
    if shutil.disk_usage(home.path).free < _ROOM_BYTES:
        raise DiskFull(home.path)
    url = embedded.urls(home.path).app if platform.is_embedded else platform.environment["DATABASE_URL"]
    code = fingerprint(platform.environment)
    prepared = home.run / "prepared"
    if not prepared.exists() or prepared.read_text() != f"{code} {_applied_digest(url)}":
        applied = migrations_apply(home)
        if applied:
            say(f"Database ready: {len(applied)} migrations applied.")
        _furnish(home, say)
        prepared.write_text(f"{code} {_applied_digest(url)}")
    application_role_require(platform.environment)
    probe = sandbox_probe()
    for told in (probe.warning, probe.notice):
        if told:
            say(told)
    if to_fetch:
        names = ", then ".join(f"{model.label}, {model.size // 1_000_000:,} MB" for model in to_fetch)
        say(f"Local models are fetched in the background: {names}. Until then the built-in providers serve.")
        say("The home page shows how far they are; NOFX_LOCAL_MODELS=none fetches nothing.")
    return {"port": ports.choose(platform.environment, home), "fingerprint": code}


def _refuse_halves(platform: Platform) -> None:
    """A database of one's own comes with the owner's connection and with keys that all machines share."""
    needed = ("NOFX_MIGRATE_DATABASE_URL", "NOFX_SECRET_KEY", "NOFX_SIGNING_KEY")
    missing = [] if platform.is_embedded else [name for name in needed if not platform.environment[name]]
    if missing:
        raise StartRefused(
            f"DATABASE_URL is set and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not.",
            remedy="README.md, With your own Postgres, says what they are.",
        )


def _models_to_fetch(platform: Platform) -> list[Model]:
    choice = platform.environment["NOFX_LOCAL_MODELS"]
    if choice not in CHOICES:
        raise StartRefused(
            f"NOFX_LOCAL_MODELS is {choice!r}, which is no choice.", remedy=f"Use one of: {', '.join(CHOICES)}."
        )
    return [model for model in CHOICES[choice] if not (platform.home.path / "models" / model.filename).exists()]


def fingerprint(environment: Environment) -> str:
    """Return a digest of the code and the settings that running processes were started with."""
    digest = hashlib.sha256(json.dumps(dict(environment), sort_keys=True).encode())
    packages = [Path(str(package.__file__)).parent for package in (nofx, apps)]
    files = [path for root in packages for pattern in ("*.py", "*.html") for path in root.rglob(pattern)]
    files += (packages[0].parent / "templates").rglob("*.html")  # beside the packages, in a checkout
    for path in sorted(files):
        facts = path.stat()
        digest.update(f"{path}:{facts.st_mtime_ns}:{facts.st_size}\n".encode())
    for installed in sorted(Path(sysconfig.get_path("purelib")).glob("*.dist-info")):
        digest.update(f"{installed.name}\n".encode())
    return digest.hexdigest()


def _applied_digest(url: str) -> str:
    """Return a digest of the migrations the database knows; empty when it knows none or does not answer."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            rows = connection.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
    except psycopg.Error:
        return ""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def migrations_apply(home: Home) -> list[str]:
    """
    Bring the database to the version of the code, in a process of its own, and return what was applied.

    :raises DatabaseNewer: the database is of a newer version.
    :raises StartRefused: it cannot be migrated.
    """
    result = _run(home, [sys.executable, "-m", "nofx.supervisor.migrate"], NOFX_DATABASE_ROLE="owner")
    outcome = _last_object(result)
    if outcome is None:
        raise _crashed("The database could not be migrated", home, result)
    if "message" in outcome:
        kind = DatabaseNewer if outcome["code"] == DatabaseNewer.code else StartRefused
        raise kind(outcome["message"], remedy=outcome["remedy"])
    return list(outcome["applied"])


def _furnish(home: Home, say: Say) -> None:
    """Make providers and demo where they are missing; what it prints holds the passwords and is shown this once."""
    result = _run(home, [sys.executable, "-m", "django", "furnish"])
    if result.returncode:
        raise _crashed("The database could not be furnished", home, result)
    if result.stdout.strip():
        say(result.stdout.rstrip())


def _run(home: Home, argv: list[str], **extra: str) -> subprocess.CompletedProcess[str]:
    env = {**child_environment(home), **extra}
    env.pop(processes.MARK)
    return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def _crashed(what: str, home: Home, result: subprocess.CompletedProcess[str]) -> StartRefused:
    with os.fdopen(home.open_log("start"), "a") as log:
        log.write(result.stderr)
    last = (result.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return StartRefused(f"{what}: {last}", remedy=f"The whole story is in {home.logs / 'start.log'}.")


def _last_object(result: subprocess.CompletedProcess[str]) -> dict[str, Any] | None:
    lines = result.stdout.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
