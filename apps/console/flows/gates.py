"""A job reads the evidence of a gate: measures live in the tracks, and reading them takes longer than a page may."""

from __future__ import annotations

from uuid import UUID

from apps.governance.models import User
from apps.governance.selectors.gates import gates_readable
from apps.governance.services.gates import evidence_asked, evidence_done, evidence_read
from apps.jobs.models import Job
from apps.jobs.services import JobRun, job_enqueue, job_handler, job_subject_access

EVIDENCE_JOB = "governance.evidence"
SUBJECT = "gate"


def evidence_request(*, gate_id: UUID, requested_by: User) -> Job:
    """Ask for the evidence of a gate to be read, once however often it is asked for."""
    job = job_enqueue(kind=EVIDENCE_JOB, subject_kind=SUBJECT, subject_id=gate_id, requested_by=requested_by)
    evidence_asked(gate_id=gate_id, job_id=job.pk)
    return job


def _ended(job: Job) -> None:
    evidence_done(gate_id=job.subject_id, job_id=job.pk)


@job_handler(EVIDENCE_JOB, timeout_s=600, max_attempts=2, on_end=_ended)
def evidence_run(run: JobRun) -> None:
    run.progress("reading_measures")
    gate = evidence_read(gate_id=run.job.subject_id, asked_by=run.job.requested_by)
    run.progress("read", batch=gate.evidence_batch, is_changed=bool(gate.evidence_changed))


@job_subject_access(SUBJECT)
def gate_is_readable(user: User, gate_id: UUID) -> bool:
    return gates_readable(user).filter(pk=gate_id).exists()
