"""Jobs that do nothing but keep time."""

from __future__ import annotations

import time

from apps.jobs.services import JobRun, job_handler

NOTHING = "bench.nothing"
TICKS = "bench.ticks"


@job_handler(NOTHING)
def nothing(run: JobRun) -> None:
    """End at once: what is measured is the way here."""


@job_handler(TICKS)
def ticks(run: JobRun) -> None:
    """Announce steps at an even pace; each says when it was written."""
    time.sleep(max(0.0, run.job.payload["begin_at"] - time.time()))
    for number in range(run.job.payload["count"]):
        run.progress("tick", number=number, at=time.time())
        time.sleep(run.job.payload["pause"])
