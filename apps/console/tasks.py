"""Jobs of the console: what joins the tracks, and the daily samples of every metric."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from apps.console.flows.absences import absences_tell
from apps.console.flows.gates import evidence_due_run, evidence_run
from apps.console.flows.policy_trials import trial_run, version_is_readable
from apps.console.flows.quality_gates import gate_run, gates_run, quality_gate_is_readable
from apps.console.flows.upcoming import UPCOMING_JOB, ends_tell
from apps.console.metrics.sampling import SAMPLE_JOB, places_refresh, samples_due, samples_take
from apps.console.selectors_packs import pack_visible
from apps.console.services.packs import PACK_JOB, PACK_SUBJECT, pack_job
from apps.core.clock import now
from apps.governance.models import User
from apps.jobs.services import JobRun, job_handler, job_subject_access

__all__ = [
    "console_pack",
    "evidence_due_run",
    "evidence_run",
    "gate_run",
    "gates_run",
    "pack_is_readable",
    "quality_gate_is_readable",
    "samples_run",
    "trial_run",
    "upcoming_tell",
    "version_is_readable",
]


@job_handler(SAMPLE_JOB, timeout_s=1800, due=samples_due)
def samples_run(run: JobRun) -> None:
    def announce(done: int, of: int) -> None:
        run.raise_if_cancelled()
        run.progress("measuring", done=done, of=of)

    places_refresh()
    taken = samples_take(day=date.fromisoformat(run.job.payload["day"]), announce=announce)
    run.progress("measured", samples=taken)


@job_handler(UPCOMING_JOB, timeout_s=600, every=timedelta(hours=1))
def upcoming_tell(run: JobRun) -> None:
    """Tell people of what ends soon, and of what nobody could approve while others are away."""
    moment = now()
    run.progress("ends", told=ends_tell(moment))
    run.raise_if_cancelled()
    run.progress("absences", told=absences_tell(moment.date()))


@job_handler(PACK_JOB, timeout_s=300)
def console_pack(run: JobRun) -> None:
    pack_job(job=run, pack_id=run.job.subject_id)


@job_subject_access(PACK_SUBJECT)
def pack_is_readable(user: User, pack_id: UUID) -> bool:
    return pack_visible(user, pack_id) is not None
