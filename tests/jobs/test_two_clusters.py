"""Real queue processes on one database, stopped and killed: nothing is lost and nothing is done twice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.governance.models import User
from apps.jobs.models import Job, JobEvent, QueueBeat
from apps.jobs.services import job_cancel, jobs_stop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SHORT = "probe.short"
ENDLESS_AT_FIRST = "probe.endless_at_first"
IN_A_QUERY = "probe.in_a_query"
IN_THE_SANDBOX = "probe.in_the_sandbox"
# A living worker beats every 5 s, give or take one check.
SURELY_DEAD = timedelta(seconds=8)


def let_time_pass() -> None:
    """Age what the dead left behind, so that the test need not wait for it to become old."""
    Job.objects.filter(state="running", heartbeat_at__lt=Now() - SURELY_DEAD).update(
        heartbeat_at=Now() - timedelta(seconds=31)
    )
    Job.objects.filter(state="queued", sent_at__lt=Now() - SURELY_DEAD).update(sent_at=Now() - timedelta(seconds=16))


def probes() -> QuerySet[Job]:
    """Return the jobs of the tests; the clusters ask for some by themselves, too."""
    return Job.objects.filter(kind__startswith="probe.")


def all_ended(count: int) -> bool:
    let_time_pass()
    return probes().filter(state__in=Job.ENDED).count() == count


def test_a_cluster_killed_in_mid_job_loses_nothing_and_nothing_is_done_twice(platform: Any) -> None:
    clusters = {process.pid: process for process in (platform.cluster(), platform.cluster())}
    (endless,) = platform.enqueue(ENDLESS_AT_FIRST)
    platform.until(lambda: endless in platform.names("processes"), seconds=60, what="a worker takes up the job")
    short = platform.enqueue(SHORT, 12)

    group = platform.group_of(endless)
    os.killpg(group, signal.SIGKILL)
    assert clusters[group].wait(timeout=10) == -signal.SIGKILL
    platform.until(lambda: all_ended(13), seconds=90, what="the other cluster does all that is left")

    assert set(probes().values_list("state", flat=True)) == {"succeeded"}
    assert sorted(platform.names("effects")) == sorted([endless, *short])
    # Every execution held a claim of its own, and there was no execution without a worker's death before it.
    executions = Counter(name.split(".")[0] for name in platform.names("executions"))
    for job in probes():
        deaths = JobEvent.objects.filter(job=job, stage="requeued").count()
        assert (executions[str(job.pk)], job.attempts) == (1 + deaths, 1 + deaths)
    assert executions[endless] == 2


def running_job(platform: Any, kind: str = ENDLESS_AT_FIRST) -> tuple[str, subprocess.Popen[bytes]]:
    process = platform.cluster()
    (job_id,) = platform.enqueue(kind)
    platform.until(lambda: job_id in platform.names("processes"), seconds=60, what="a worker takes up the job")
    return job_id, process


def test_a_cluster_told_to_end_puts_its_running_job_back_and_leaves_no_process(database_platform: Any) -> None:
    job_id, process = running_job(database_platform)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert database_platform.living(process.pid) == []
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.attempts, job.claim) == ("queued", 0, None)
    assert not QueueBeat.objects.exists()

    database_platform.cluster()
    database_platform.until(lambda: all_ended(1), seconds=60, what="the next cluster does the job")
    assert database_platform.names("effects") == [job_id]


def test_a_killed_cluster_process_takes_its_workers_along(database_platform: Any) -> None:
    job_id, process = running_job(database_platform, IN_A_QUERY)
    process.kill()
    process.wait()
    database_platform.until(
        lambda: database_platform.living(process.pid) == [], seconds=20, what="no process is left without a parent"
    )
    assert Job.objects.get(pk=job_id).state == "queued"


def test_a_killed_worker_is_replaced_and_its_job_is_done(database_platform: Any) -> None:
    job_id, process = running_job(database_platform)
    os.kill(database_platform.worker_of(job_id), signal.SIGKILL)
    database_platform.until(lambda: all_ended(1), seconds=60, what="another worker does the job")
    assert process.poll() is None
    assert Job.objects.get(pk=job_id).attempts == 2


def test_workers_outlive_a_database_that_drops_every_connection(database_platform: Any, engineer: User) -> None:
    job_id, process = running_job(database_platform)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert len(cursor.fetchall()) >= 2
    Job.objects.filter(pk=job_id).update(requested_by=engineer)
    job_cancel(job_id=job_id, actor=engineer)
    short = database_platform.enqueue(SHORT)
    database_platform.until(lambda: all_ended(2), seconds=90, what="the job stops and the next one is done")
    assert Job.objects.get(pk=job_id).state == "cancelled"
    assert database_platform.names("effects") == short
    assert process.poll() is None


def test_a_job_that_does_not_stop_is_ended_with_all_that_it_runs(database_platform: Any) -> None:
    job_id, process = running_job(database_platform, IN_THE_SANDBOX)
    database_platform.until(sandboxed, seconds=60, what="the code runs")
    began = time.monotonic()
    jobs_stop(job_ids=[UUID(job_id)], message="Generation is suspended.")
    database_platform.until(lambda: Job.objects.get(pk=job_id).is_ended, seconds=30, what="the job ends")
    database_platform.until(lambda: not sandboxed(), seconds=30, what="what it ran has ended")
    assert time.monotonic() - began < 30
    assert Job.objects.get(pk=job_id).state == "cancelled"
    short = database_platform.enqueue(SHORT)
    database_platform.until(lambda: all_ended(2), seconds=60, what="another worker does the next job")
    assert database_platform.names("effects") == short
    assert process.poll() is None


def sandboxed() -> list[str]:
    """Return the processes that run the code of the probe."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += [entry.parent.name] if b"nofx_probe_never_ends" in entry.read_bytes() else []
    return found
