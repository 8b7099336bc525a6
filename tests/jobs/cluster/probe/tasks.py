"""
Jobs that leave traces as files of the folder ``PROBE_FOLDER``.

``executions/<job>.<claim>`` is one call of a handler, ``effects/<job>`` its effect, which is idempotent, and
``processes/<job>`` names the process that works on it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection

from apps.jobs.services import JobRun, job_handler
from apps.sandbox.services import CommandRun, Limits, sandbox_run

SHORT = "probe.short"
ENDLESS_AT_FIRST = "probe.endless_at_first"
IN_A_QUERY = "probe.in_a_query"

IN_THE_SANDBOX = "probe.in_the_sandbox"

FOLDER = Path(os.environ.get("PROBE_FOLDER", "."))


@job_handler(SHORT)
def short(run: JobRun) -> None:
    """Do a little work."""
    _trace(run)
    time.sleep(0.2)
    _effect(run)


@job_handler(ENDLESS_AT_FIRST)
def endless_at_first(run: JobRun) -> None:
    """Never end in the first process that takes it up; end at once in the next."""
    if _trace(run) == 1:
        while True:
            run.raise_if_cancelled()
            time.sleep(0.02)
    _effect(run)


@job_handler(IN_A_QUERY)
def in_a_query(run: JobRun) -> None:
    """Wait in the database for longer than any test."""
    _trace(run)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(600)")


@job_handler(IN_THE_SANDBOX)
def in_the_sandbox(run: JobRun) -> None:
    """Run code that never ends and look at nothing meanwhile."""
    _trace(run)
    code = "import time\nwhile True:\n    time.sleep(0.1)\n"
    sandbox_run(CommandRun(("python", "-c", f"nofx_probe_never_ends = 1\n{code}"), limits=Limits(wall_s=300.0)))


def _trace(run: JobRun) -> int:
    """Leave the trace of this execution and return the number of executions so far."""
    (FOLDER / "executions" / f"{run.job.pk}.{run.job.claim}").touch(exist_ok=False)
    process = FOLDER / "processes" / str(run.job.pk)
    part = process.with_suffix(f".{os.getpid()}")
    part.write_text(str(os.getpid()))
    part.rename(process)
    return len(list((FOLDER / "executions").glob(f"{run.job.pk}.*")))


def _effect(run: JobRun) -> None:
    (FOLDER / "effects" / str(run.job.pk)).touch()
    run.progress("effect")
