"""How the platform is doing, row by row, each with what to do about it when it is not well."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.clock import now
from apps.governance.selectors import chain_state
from apps.governance.selectors.backups import backup_state
from apps.jobs.selectors.health import queue_state, untold_entries
from apps.providers.models import Provider
from apps.providers.selectors import provider_health
from apps.sandbox.services import sandbox_probe

WELL, WATCH, ILL = "ready", "stale", "failed"
WORDS = {WELL: "well", WATCH: "look at it", ILL: "not well"}
PROBE_S = 600
LONG_WAIT = timedelta(minutes=10)
CHAIN_FRESH = timedelta(days=2)
BACKUP_FRESH = timedelta(days=8)
SLOW_MS = 200
# Shares of the disk that are free.
DISK_LOW, DISK_FULL = 0.15, 0.05
MANY_UNTOLD = 100


@dataclass(frozen=True)
class Row:
    """
    One part of the platform: its state, a sentence about it, and what to do when it is not well.

    ``details`` are (name, value) pairs for staff.
    """

    key: str
    label: str
    state: str
    sentence: str
    remedy: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """Its state as people read it."""
        return WORDS[self.state]


def status_document(*, has_details: bool) -> dict[str, Any]:
    """Return the rows for programs, the API and the command line alike; figures with *has_details* only."""
    rows = status_rows()
    return {
        "state": worst(rows),
        "at": now(),
        "rows": [
            {
                "key": row.key,
                "label": row.label,
                "state": row.state,
                "word": row.word,
                "sentence": row.sentence,
                "remedy": row.remedy,
                "details": dict(row.details) if has_details else {},
            }
            for row in rows
        ],
    }


def status_rows() -> list[Row]:
    """Return the rows of the status page, in order; takes milliseconds, and seconds when the sandbox is probed."""
    return [read() for read in ROWS]


def worst(rows: list[Row]) -> str:
    """Return the gravest state of *rows*."""
    return max((row.state for row in rows), key=(WELL, WATCH, ILL).index)


def _workers() -> Row:
    queue = queue_state()
    details = [("processes", str(queue.processes)), ("workers", str(queue.workers)), ("running", str(queue.running))]
    if queue.processes == 0:
        remedy = "Start the queue: nofx up on this machine, or nofx worker on one of its own."
        return Row(
            "workers", "Workers", ILL, "No process of the queue lives, so nothing is worked on.", remedy, details
        )
    words = f"{queue.workers} worker{'s' if queue.workers != 1 else ''}, {queue.running} at work."
    return Row("workers", "Workers", WELL, words, details=details)


def _queue() -> Row:
    queue = queue_state()
    waited = now() - queue.oldest_at if queue.oldest_at else timedelta()
    minutes = int(waited.total_seconds() // 60)
    details = [("queued", str(queue.queued)), ("oldest, seconds", str(int(waited.total_seconds())))]
    if queue.queued == 0:
        return Row("queue", "Queue", WELL, "Nothing waits.", details=details)
    words = f"{queue.queued} job{'s wait' if queue.queued != 1 else ' waits'}, the oldest for {minutes} min."
    if waited < LONG_WAIT:
        return Row("queue", "Queue", WELL, words, details=details)
    remedy = "Look at the jobs that run in the administration; raise NOFX_WORKERS or start workers on another machine."
    return Row("queue", "Queue", WATCH, words, remedy, details)


def _sandbox() -> Row:
    probe = cache.get_or_set("sandbox.probe", sandbox_probe, PROBE_S)
    details = [(str(name), str(value)) for name, value in probe.details.items()]
    if not probe.available:
        words = f"Code cannot be run on this machine: {', '.join(probe.missing)}."
        return Row("sandbox", "Sandbox", ILL, words, probe.remedy, details)
    if probe.notice:
        return Row("sandbox", "Sandbox", WATCH, f"The walls hold. {probe.notice}", probe.remedy, details)
    return Row("sandbox", "Sandbox", WELL, "The walls hold.", details=details)


def _database() -> Row:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        latency = (time.perf_counter() - started) * 1000
        cursor.execute("SELECT pg_database_size(current_database()), current_setting('server_version')")
        size, version = cursor.fetchone()
    executor = MigrationExecutor(connection)
    open_migrations = executor.migration_plan(executor.loader.graph.leaf_nodes())
    details = [
        ("latency", f"{latency:.1f} ms"),
        ("size", f"{size / 1_000_000:,.0f} MB"),
        ("Postgres", str(version)),
        ("migrations to apply", str(len(open_migrations))),
    ]
    if open_migrations:
        words = f"{len(open_migrations)} migrations are not applied."
        return Row("database", "Database", ILL, words, "Start the platform anew; it migrates first.", details)
    if latency > SLOW_MS:
        remedy = "Look at the load of its machine and at long transactions."
        return Row("database", "Database", WATCH, "It answers slowly.", remedy, details)
    return Row("database", "Database", WELL, "It answers, and its tables are up to date.", details=details)


def _disk() -> Row:
    home = Path(settings.NOFX_HOME)
    # Where nothing was written yet, the disk that it will be written to.
    usage = shutil.disk_usage(next(path for path in (home, *home.parents) if path.exists()))
    free = usage.free / usage.total
    details = [("free", f"{usage.free / 1e9:,.1f} GB of {usage.total / 1e9:,.1f} GB")]
    words = f"{free:.0%} of the disk is free."
    remedy = "Free some space, or move NOFX_HOME: without any, nothing more can be saved."
    state = ILL if free < DISK_FULL else WATCH if free < DISK_LOW else WELL
    return Row("disk", "Disk", state, words, "" if state == WELL else remedy, details)


def _models() -> Row:
    health = [(provider.name, provider_health(provider)) for provider in Provider.objects.filter(is_enabled=True)]
    ready = sum(one.is_ready for _, one in health)
    waiting = [one for _, one in health if not one.is_ready]
    coming = sum(one.is_under_way for one in waiting)
    by_choice = sum(one.is_by_choice for one in waiting)
    details = [(name, one.sentence) for name, one in sorted(health, key=lambda pair: pair[0])]
    words = f"{ready} of {len(health)} providers that are switched on can be asked."
    if coming:
        words += f" {coming} local model{'s are' if coming > 1 else ' is'} on the way."
    if by_choice:
        words += f" {by_choice} {'are' if by_choice > 1 else 'is'} not in use here."
    if ready == 0:
        remedy = "Switch a provider on, or give it its key, under Settings, Providers."
        return Row("models", "Models", ILL, words, remedy, details)
    if coming + by_choice < len(waiting):
        return Row("models", "Models", WATCH, words, "Look at the providers that wait, or switch them off.", details)
    return Row("models", "Models", WELL, words, details=details)


def _chain() -> Row:
    chain = chain_state()
    details = [("entries", f"{chain.entries:,}"), ("verified entries", f"{chain.verified_entries:,}")]
    verify = "Verify it under Governance, Audit."
    if chain.verified_at is None:
        return Row("audit", "Audit chain", WATCH, "It was never verified.", verify, details)
    if not chain.is_sound:
        remedy = "Keep a copy of the database, then ask who could write to it."
        return Row("audit", "Audit chain", ILL, "Its last verification found it broken.", remedy, details)
    words = f"Verified on {chain.verified_at:%Y-%m-%d %H:%M} UTC and sound."
    is_old = now() - chain.verified_at > CHAIN_FRESH
    return Row("audit", "Audit chain", WATCH if is_old else WELL, words, verify if is_old else "", details)


def _backup() -> Row:
    last = backup_state()
    remedy = "Make one with nofx backup FILE, once a week at least, and keep it on another machine."
    if last.made_at is None:
        is_young = last.began_at is None or now() - last.began_at < BACKUP_FRESH
        if is_young:
            return Row("backup", "Last backup", WELL, "None was made yet: the platform is less than eight days old.")
        return Row("backup", "Last backup", WATCH, "None was ever made.", remedy)
    details = [("file", last.file), ("size", f"{last.size:,} bytes"), ("entries", f"{last.entries:,}")]
    when = f"{last.made_at:%Y-%m-%d %H:%M} UTC, {last.size / 1_000_000:,.1f} MB"
    if not last.is_verified:
        words = f"Made on {when}, and it could not be read back: {last.problem}"
        return Row("backup", "Last backup", ILL, words, "Make another one at once, in another place.", details)
    words = f"Made on {when}, read back and whole."
    is_old = now() - last.made_at > BACKUP_FRESH
    return Row("backup", "Last backup", WATCH if is_old else WELL, words, remedy if is_old else "", details)


def _news() -> Row:
    untold = untold_entries()
    details = [("entries not told", str(untold))]
    if untold > MANY_UNTOLD:
        remedy = "Start the queue; if it runs, look in its log for the chore called tell."
        words = f"{untold} entries of the audit chain wait to be told to people and webhooks."
        return Row("news", "Notifications", WATCH, words, remedy, details)
    mail = "E-mail is sent." if settings.NOFX_MAIL_FROM else "There is no mail server, so no e-mail is sent."
    return Row("news", "Notifications", WELL, f"Everything was told. {mail}", details=details)


ROWS: tuple[Callable[[], Row], ...] = (_workers, _queue, _database, _disk, _sandbox, _models, _chain, _backup, _news)
