"""A job reads the evidence of a gate: measures live in the tracks, and reading them takes longer than a page may."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.core.clock import now
from apps.governance.models import User
from apps.governance.selectors.gates import gates_readable
from apps.governance.services.gates import evidence_asked, evidence_done, evidence_read, gates_unread
from apps.jobs.models import Job
from apps.jobs.services import JobRun, job_enqueue, job_handler, job_subject_access

EVIDENCE_JOB = "governance.evidence"
EVIDENCE_DUE_JOB = "governance.evidence_due"
LOOKED_FOR_EVERY = timedelta(minutes=15)
SUBJECT = "gate"


def evidence_request(*, gate_id: UUID, requested_by: User | None) -> Job:
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


@job_handler(EVIDENCE_DUE_JOB, timeout_s=120, every=LOOKED_FOR_EVERY)
def evidence_due_run(run: JobRun) -> None:
    """Have the evidence of every gate before its vote read that nobody had read for hours."""
    waiting = gates_unread(now())
    for gate_id in waiting:
        evidence_request(gate_id=gate_id, requested_by=None)
    run.progress("asked", count=len(waiting))


@job_subject_access(SUBJECT)
def gate_is_readable(user: User, gate_id: UUID) -> bool:
    return gates_readable(user).filter(pk=gate_id).exists()
