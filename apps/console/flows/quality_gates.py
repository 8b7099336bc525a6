"""The quality gate of a repository is read when its quality was measured, and every day, since figures grow old."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.governance.models import AuditEvent, User
from apps.governance.selectors import readable_scopes
from apps.governance.services.quality_gates import quality_gate_check, quality_gates_known
from apps.governance.types import Outcome
from apps.jobs.models import Job
from apps.jobs.services import JobRun, job_enqueue, job_handler, job_subject_access
from apps.quality.types import COVERAGE_JOB, RERUN_JOB
from apps.repositories.models import Repository, Revision

GATE_JOB, ALL_JOB = "quality.gate", "quality.gates"
SUBJECT = "quality_gate"
SENT = frozenset({"quality.coverage_upload", "quality.tests_upload"})
MEASURED = frozenset({COVERAGE_JOB, RERUN_JOB})


def report_follow(event: AuditEvent) -> None:
    """Have the gate read of whose report of a build came in; reads the audit chain."""
    if event.action in SENT and event.outcome == Outcome.DONE.value and event.scope_id is not None:
        repository = Repository.objects.filter(scope=event.scope_id).first()
        if repository is not None:
            gate_request(repository.pk)


def measurement_follow(job: Job, **_: object) -> None:
    """Have the gate read of what was measured here; receives ``attempt_ended``."""
    if job.kind not in MEASURED or job.state != Job.State.SUCCEEDED:
        return
    revision = Revision.objects.filter(pk=job.subject_id).first()
    if revision is not None:
        gate_request(revision.repository_id)


def gate_request(repository_id: UUID) -> Job:
    """Ask for the quality gate of a repository to be read, once however often it is asked for."""
    return job_enqueue(kind=GATE_JOB, subject_kind=SUBJECT, subject_id=repository_id, requested_by=None)


@job_handler(GATE_JOB, timeout_s=600, max_attempts=2)
def gate_run(run: JobRun) -> None:
    repository = Repository.objects.select_related("scope__organisation").filter(pk=run.job.subject_id).first()
    changed = quality_gate_check(scope=repository.scope) if repository is not None else None
    run.progress("read", state=changed.state.value if changed is not None else "unchanged")


@job_handler(ALL_JOB, timeout_s=120, every=timedelta(days=1))
def gates_run(run: JobRun) -> None:
    """Have every gate that was ever noted read again."""
    known = Repository.objects.filter(scope__in=quality_gates_known()).values_list("pk", flat=True)
    for repository_id in known:
        gate_request(repository_id)
    run.progress("asked", count=len(known))


@job_subject_access(SUBJECT)
def quality_gate_is_readable(user: User, repository_id: UUID) -> bool:
    return Repository.objects.filter(pk=repository_id, scope__in=readable_scopes(user)).exists()
