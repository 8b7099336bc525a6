"""
The platform itself: how fast it starts, takes up a job, lists a hundred thousand rows, and tells twenty pages.

Everything runs in a clone of the last commit in a temporary folder, with a database of its own; the platform of this
folder is left alone. Needs the network once, to install what is pinned. Django is imported inside functions, because it
belongs to the clone and is set up only when that runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

from bench.figures import Figure
from bench.lists import ROWS, SEARCHED, people_and_rows
from nofx.env import Environment
from nofx.supervisor.children import web, workers
from nofx.supervisor.ports import is_free

PROJECT = Path(__file__).resolve().parents[1]
PAGE = 100
PAGES_READ = 60
SEARCHES_READ = 20
JOBS = 40
SOCKETS = 20
TICKS = 20
PORT = next(port for port in range(8700, 8800) if is_free("127.0.0.1", port))


def main() -> int:
    """Print every figure with what it ran on; 0 when all keep their bounds."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores")
    print("Load average as it began: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    figures = []
    with tempfile.TemporaryDirectory(prefix="nofx-bench-") as folder:
        clone = Path(folder) / "clone"
        for figure in measure(clone):
            figures.append(figure)
            print(figure.line(), flush=True)
    return 0 if all(figure.is_kept for figure in figures) else 1


def measure(clone: Path) -> Iterator[Figure]:
    """Start the clone, measure, and stop it, whatever happens."""
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
    env = {**os.environ, "NOFX_LOCAL_MODELS": "none", "NOFX_PORT": str(PORT), "NOFX_HOME": str(clone / ".nofx")}
    try:
        yield from start_figures(clone, env)
        os.environ.update(env, DJANGO_SETTINGS_MODULE="bench.settings")
        django.setup()
        logging.getLogger("django-q").setLevel(logging.WARNING)
        with platform_with_bench_jobs(env):
            yield from job_figures()
            yield from socket_figures()
            yield from page_figures()
    finally:
        subprocess.run(["make", "--silent", "down"], cwd=clone, env=env, check=False)


def start_figures(clone: Path, env: dict[str, str]) -> Iterator[Figure]:
    """Cold, again, and after a stop; ends with the platform's own processes stopped."""

    def make(target: str) -> float:
        started = time.perf_counter()
        subprocess.run(["make", "--silent", target], cwd=clone, env=env, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started

    yield Figure("make up, cold, to the first page", make("up"), "s", 240, "empty folder, packages from the index")
    yield Figure("make up again", make("up"), "s", 10, "everything runs")
    make("down")
    yield Figure("make up after make down", make("up"), "s", 10, "database, web and workers start")
    make("down")


@contextlib.contextmanager
def platform_with_bench_jobs(env: dict[str, str]) -> Iterator[None]:
    """Run web and workers as the supervisor does, with the benchmark's job kinds known to them."""
    environment = Environment(env)
    log = Path(env["NOFX_HOME"]) / "logs" / "bench.log"
    with log.open("w") as output:
        running = [
            subprocess.Popen(child.argv, cwd=PROJECT, env=dict(os.environ), stdout=output, stderr=output)
            for child in (web(environment, PORT), workers())
        ]
        try:
            deadline = time.monotonic() + 60
            while not _answers():
                if time.monotonic() > deadline:
                    raise RuntimeError(log.read_text()[-3000:])
                time.sleep(0.2)
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(30)


def job_figures() -> Iterator[Figure]:
    """From the commit that asks for a job to its handler's start, by the database's clock."""
    from apps.jobs.models import Job
    from apps.jobs.services import job_enqueue
    from bench.tasks import NOTHING

    waits = []
    for _ in range(JOBS):
        job = job_enqueue(kind=NOTHING, subject_kind="bench", subject_id=uuid.uuid4(), requested_by=None)
        deadline = time.monotonic() + 30
        while not (job := Job.objects.get(pk=job.pk)).is_ended:
            if time.monotonic() > deadline:
                raise RuntimeError("no worker takes the job up")
            time.sleep(0.02)
        waits.append((job.started_at - job.created_at).total_seconds() * 1000)
    how = f"{JOBS} jobs, one after the other; worst {max(waits):.0f} ms"
    yield Figure("enqueue to start of a job, median", statistics.median(waits), "ms", 300, how)


def socket_figures() -> Iterator[Figure]:
    """From writing an event to its arrival on each of twenty open pages."""
    from apps.governance.models import User
    from apps.jobs.services import job_enqueue
    from bench.sockets import listen
    from bench.tasks import TICKS as KIND

    engineer = User.objects.get(username="engineer")
    payload = {"begin_at": time.time() + 6, "count": TICKS, "pause": 0.2}
    job = job_enqueue(kind=KIND, subject_kind="bench", subject_id=uuid.uuid4(), requested_by=engineer, payload=payload)
    cookie = session_cookie(engineer)

    async def all_pages() -> list[list[tuple[float, dict[str, Any]]]]:
        path = f"/ws/jobs/{job.pk}/"
        return await asyncio.gather(*(listen(PORT, path, cookie, until=TICKS - 1, timeout=60) for _ in range(SOCKETS)))

    delays = [
        (came - message["data"]["at"]) * 1000
        for page in asyncio.run(all_pages())
        for came, message in page
        if message["stage"] == "tick"
    ]
    how = f"{len(delays)} arrivals on {SOCKETS} sockets; median {statistics.median(delays):.0f} ms"
    yield Figure("event to open page, worst of 20 pages", max(delays), "ms", 500, how)


def page_figures() -> Iterator[Figure]:
    """A page of 100 rows out of 100,000, over HTTP, and its queries in process."""
    from django.conf import settings

    from nofx import embedded

    readers = people_and_rows(embedded.urls(settings.NOFX_HOME).owner)
    reader = readers["everything"]
    for name, path in (("list in the browser", "/requests"), ("list in the API", f"/api/v1/requests?first={PAGE}")):
        times = read_times(path, session_cookie(reader), PAGES_READ)
        how = f"{PAGES_READ} reads; median {statistics.median(times):.0f} ms"
        yield Figure(f"{name} of {ROWS:,} requests, p95", p95(times), "ms", 300, how)
        few, many = (queries(reader, f"{path}{'&' if '?' in path else '?'}first={n}") for n in (10, PAGE))
        yield Figure(f"{name}: queries", many, "", few, f"{few} for 10 rows, {many} for {PAGE}")
    for what, user in readers.items():
        yield searched_figure(what, session_cookie(user))


def searched_figure(what: str, cookie: str) -> Figure:
    """The slowest of the lists whose rows do not say who reads them, for somebody who reads *what*."""
    times = {noun: read_times(f"/api/v1/{noun}?first={PAGE}", cookie, SEARCHES_READ) for noun in SEARCHED}
    slowest = max(times, key=lambda noun: p95(times[noun]))
    middle = statistics.median(time for noun in SEARCHED for time in times[noun])
    how = f"{slowest}; {SEARCHES_READ} reads of each of {len(SEARCHED)} lists; median of all {middle:.0f} ms"
    return Figure(f"slowest list for who reads {what}, p95", p95(times[slowest]), "ms", 300, how)


def read_times(path: str, cookie: str, count: int) -> list[float]:
    """Return the milliseconds of *count* reads of *path*, shortest first."""
    return sorted(_get(path, cookie) for _ in range(count))


def p95(times: list[float]) -> float:
    """Return what 95 of 100 of *times*, shortest first, stay under."""
    return times[int(len(times) * 0.95) - 1]


def session_cookie(user: Any) -> str:
    """Return the cookie of a browser in which *user* has signed in."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def queries(user: Any, path: str) -> int:
    """Return how many queries the page at *path* makes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}")
    return len(captured)


def _get(path: str, cookie: str) -> float:
    """Return the milliseconds that one read of *path* took."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    started = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    took = (time.perf_counter() - started) * 1000
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {body[:500]!r}")
    return took


def _answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/sign-in")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
