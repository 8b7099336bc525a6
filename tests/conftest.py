"""
The ground under every test: a Postgres server of their own, the application role, the system's tools.

The test server lives in ``.nofx/test`` and keeps running between runs. A database with all migrations applied is
made once for each state of the migrations; every test process clones it into a database that it alone uses, so
parallel workers, and two runs at the same time, never meet.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from nofx.embedded import roles
from nofx.embedded.postgres import ensure_running
from tests.remembered import remembering
from tests.tables import rows_write

NO_CHROMIUM = "Browser tests were left out: no Chromium found; run make browser."
NO_REDIS = "Tests over Redis were left out: no redis-server found; install the system's package redis-server."

gc.disable()  # until everything is collected

# How many examples a property test tries that names no number of its own; laws name a multiple of it.
hypothesis_settings.register_profile("default", max_examples=100, deadline=None)
hypothesis_settings.register_profile("nightly", max_examples=1_000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("NOFX_HYPOTHESIS", "default"))


def chromium() -> str | None:
    """Return the system's Chromium; the tests never download one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(autouse=True)
def tracks_apart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quality takes seconds to examine what is written for a request: it does so in tests marked ``joined``."""
    if request.node.get_closest_marker("joined") is None:
        monkeypatch.setattr("apps.generation.services.joined._examiners", {})


@pytest.fixture(autouse=True)
def tools_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Analysis tools are asked once in a run, by the process that needs an answer first; ``tests/checks`` asks anew."""
    own = tmp_path_factory.getbasetemp()
    answers = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "answers"
    answers.mkdir(exist_ok=True)
    run = remembering(answers)
    for tool in ("bandit", "grimp", "mypy", "pydoclint", "ruff"):
        monkeypatch.setattr(f"apps.checks.gateways.{tool}.tool_run", run)


# --- Database -------------------------------------------------------------------------------------------------------


def _own_slot(folder: Path) -> tuple[int, IO[str]]:
    """Return the first number that no living test process has, and the lock that keeps it ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(64):
        lock = (folder / f"{number}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return number, lock
    raise RuntimeError("64 test processes run already; end some of them.")


def _migrations_digest() -> str:
    """Return a name for the exact state of all migrations."""
    digest = hashlib.sha256(str(roles.REVISION).encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted((Path(app.path) / "migrations").glob("*.py")):
            digest.update(f"{app.label}/{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _owner(database: str) -> psycopg.Connection:
    default = settings.DATABASES["default"]
    return psycopg.connect(
        host=default["HOST"],
        port=default["PORT"],
        user=default["USER"],
        password=default["PASSWORD"],
        dbname=database,
        autocommit=True,
    )


def _point_at(database: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = database
    connection.settings_dict["NAME"] = database


def _drop(superuser: psycopg.Connection, database: str) -> None:
    """Drop a database at once, also while the server vacuums in it, which its owner may not interrupt."""
    superuser.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _migrated_template(superuser: psycopg.Connection) -> str:
    """Return the name of a database with all migrations applied; the caller holds the lock on making one."""
    name = f"nofx_template_{_migrations_digest()}"
    with _owner(roles.DATABASE) as server:
        known = [
            row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'nofx_template_%'")
        ]
        if name in known:
            return name
        for old in (*known, "nofx_unfinished"):
            _drop(superuser, old)
        server.execute("CREATE DATABASE nofx_unfinished")
        _point_at("nofx_unfinished")
        call_command("migrate", verbosity=0, interactive=False)
        connection.close()
        server.execute(f'ALTER DATABASE nofx_unfinished RENAME TO "{name}"')
    return name


def _empty(_: TransactionTestCase) -> None:
    """
    Delete what a transactional test wrote.

    Django would truncate every table and then let each app write again what follows a migration: a good part of a
    second for each test.
    """
    rows_write({})


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this process a fresh database; replaces pytest-django's own."""
    home = Path(settings.NOFX_HOME)
    number, slot = _own_slot(home / "slots")
    name = f"nofx_test_{number}"
    with slot, django_db_blocker.unblock():
        with (home / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            cluster = ensure_running(home / "postgres", durable=False)
            with cluster.connect(roles.SUPERUSER, "postgres") as superuser:
                superuser.execute(f"GRANT SET ON PARAMETER session_replication_role TO {roles.OWNER}")
                template = _migrated_template(superuser)
                _drop(superuser, name)
            with _owner(roles.DATABASE) as server:
                server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        _point_at(name)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(TransactionTestCase, "_fixture_teardown", _empty)
            yield
        connection.close()


def _as_application(sender: object, connection: object, **_: object) -> None:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # the signal's argument is any backend's wrapper
        cursor.execute(f"SET ROLE {roles.APPLICATION}")


@pytest.fixture(autouse=True)
def _application_role(request: pytest.FixtureRequest) -> Iterator[None]:
    """
    Run each database test as the application role, so that the grants are part of what is tested.

    A transactional test may open connections in other threads; each of them takes the role as it opens. What
    empties the tables at its end is the owner again.
    """
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    is_transactional = bool(names & {"transactional_db", "live_server"}) or bool(
        marker and (marker.kwargs.get("transaction") or (marker.args and marker.args[0]))
    )
    if is_transactional:
        request.getfixturevalue("transactional_db")
        connection_created.connect(_as_application)
        _as_application(None, connection)
        yield
        connection_created.disconnect(_as_application)
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    elif marker or "db" in names:
        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {roles.APPLICATION}")
        yield
    else:
        yield


@pytest.fixture
def as_owner(_application_role: None) -> Iterator[None]:
    """Run this test as the role that migrates, for tests about migrations and about what the owner may do."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    yield


# --- Tools of the system --------------------------------------------------------------------------------------------


def missing_tools() -> dict[str, str]:
    """Return the markers whose tests cannot run on this machine, each with the sentence that says so."""
    missing = {}
    if not chromium():
        missing["browser"] = NO_CHROMIUM
    if not shutil.which("redis-server"):
        missing["redis"] = NO_REDIS
    return missing


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose tool is missing; ``pytest_terminal_summary`` says so."""
    missing = missing_tools()
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in missing)]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """
    Let the collector of garbage begin, pass over all that was imported, and come seldom.

    What is imported and collected stays until the end: looking at it again and again was a quarter of the time until
    the first test, and a twentieth of the time of tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a run that left tests out is a failed run."""
    is_controller = "PYTEST_XDIST_WORKER" not in os.environ
    if is_controller and missing_tools() and os.environ.get("CI") == "true" and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = missing_tools()
    if missing:
        terminalreporter.section("left out", sep="=")
    for sentence in missing.values():
        terminalreporter.write_line(sentence)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests drive; tests marked ``browser`` only run when there is one."""
    path = chromium()
    if path is None:
        raise RuntimeError(NO_CHROMIUM)
    return path
