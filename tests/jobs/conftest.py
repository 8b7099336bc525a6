"""People, subjects and handlers of the job tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from apps.governance.models import User
from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from nofx import embedded
from nofx.embedded.postgres import free_port

KIND = "probe.work"
SUBJECT_KIND = "probe"
ROOT = Path(__file__).resolve().parents[2]
CLUSTER = Path(__file__).resolve().parent / "cluster"

Enqueue = Callable[..., Job]


@pytest.fixture
def engineer(db: None) -> User:
    return User.objects.create_user("engineer", password="correct horse battery")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger", password="correct horse battery")


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a handler for the length of one test."""

    def register(function: registry.HandlerFunction, *, kind: str = KIND, **options: Any) -> None:
        monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
        registry.job_handler(kind, **options)(function)

    return register


@pytest.fixture
def subject_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one test register access checks without leaving them behind."""
    monkeypatch.setattr(registry, "_read_checks", dict(registry._read_checks))
    monkeypatch.setattr(registry, "_stop_checks", dict(registry._stop_checks))


@pytest.fixture
def enqueue(engineer: User) -> Enqueue:
    def call(*, subject_id: UUID | None = None, requested_by: User = engineer, **options: Any) -> Job:
        return job_enqueue(
            kind=options.pop("kind", KIND),
            subject_kind=SUBJECT_KIND,
            subject_id=subject_id or uuid4(),
            requested_by=requested_by,
            **options,
        )

    return call


# --- Real processes -------------------------------------------------------------------------------------------------


class Platform:
    """Real processes of the platform on the test database; starts them in one folder and ends all of them."""

    def __init__(self, folder: Path, *, redis_url: str = "") -> None:
        self.folder = folder
        for name in ("executions", "effects", "processes"):
            (folder / name).mkdir()
        target = conninfo_to_dict(embedded.urls(Path(settings.NOFX_HOME)).app)
        target["dbname"] = connection.settings_dict["NAME"]
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cluster_settings",
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(CLUSTER))),
            "PROBE_FOLDER": str(folder),
            "NOFX_HOME": str(folder / "home"),
            "DATABASE_URL": make_conninfo(**target),
            "NOFX_SECRET_KEY": settings.SECRET_KEY,
            "NOFX_SIGNING_KEY": "not used here",
            "NOFX_DATABASE_ROLE": "application",
            "NOFX_REDIS_URL": redis_url,
            "NOFX_WORKERS": "2",
        }
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one process in a process group of its own; its output goes to ``log`` in the folder."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def cluster(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "qcluster")

    def web(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start a web process and return it with its port, once it listens."""
        port = free_port()
        process = self.start("-m", "nofx.serving", "-b", "127.0.0.1", "-p", str(port), "nofx.asgi:application")

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self.until(listens, seconds=60, what="the web process listens")
        return process, port

    def enqueue(self, kind: str, count: int = 1, *, username: str = "") -> list[str]:
        """Ask for jobs from a process of their own and return their ids."""
        command = [sys.executable, str(CLUSTER / "enqueue.py"), kind, str(count), *([username] if username else [])]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def names(self, kind: str) -> list[str]:
        """Return the names of the traces of one kind."""
        return [path.name for path in (self.folder / kind).iterdir()]

    def group_of(self, job_id: str) -> int:
        """Return the process group that took this job up last."""
        return os.getpgid(self.worker_of(job_id))

    def worker_of(self, job_id: str) -> int:
        """Return the process that took this job up last."""
        return int((self.folder / "processes" / job_id).read_text())

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def living(self, group: int) -> list[int]:
        """Return the living processes of a process group."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = entry.read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] not in "ZX":
                    found.append(int(entry.parent.name))
        return found

    def until(self, condition: Callable[[], object], *, seconds: float, what: str) -> None:
        """Wait until ``condition`` holds; fail with ``what`` and the log when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"Not within {seconds:g} s: {what}\n{self.log()[-4000:]}")
            time.sleep(0.05)

    def end(self) -> None:
        """Kill whatever is left."""
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of the test's own; for tests marked ``redis``, which only run where there is a server to start."""
    binary = shutil.which("redis-server")
    assert binary is not None
    port = free_port()
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    with socket.socket() as probe:
        deadline = time.monotonic() + 10
        while probe.connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.redis)])
def platform(request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path) -> Iterator[Platform]:
    """The platform on the test database, its queue in the database and then in Redis."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    processes = Platform(tmp_path, redis_url=url)
    try:
        yield processes
    finally:
        processes.end()


@pytest.fixture
def database_platform(transactional_db: None, tmp_path: Path) -> Iterator[Platform]:
    """The platform on the test database alone."""
    processes = Platform(tmp_path)
    try:
        yield processes
    finally:
        processes.end()
