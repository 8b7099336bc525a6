"""Jobs of the console: what joins the tracks, and the daily samples of every metric."""

from __future__ import annotations

from datetime import date

from apps.console.flows.gates import evidence_run
from apps.console.metrics.sampling import SAMPLE_JOB, places_refresh, samples_take
from apps.jobs.services import JobRun, job_handler

__all__ = ["evidence_run", "samples_run"]


@job_handler(SAMPLE_JOB, timeout_s=1800)
def samples_run(run: JobRun) -> None:
    def announce(done: int, of: int) -> None:
        run.raise_if_cancelled()
        run.progress("measuring", done=done, of=of)

    places_refresh()
    taken = samples_take(day=date.fromisoformat(run.job.payload["day"]), announce=announce)
    run.progress("measured", samples=taken)
