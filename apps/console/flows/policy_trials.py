"""
A job tries a version of a policy on the past.

For code rules that means reading commits and candidates of 90 days, which takes longer than a page may.
"""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound
from apps.governance.models import PolicyVersion, User
from apps.governance.policy_kinds import PolicyKind, policy_kind
from apps.governance.selectors.policy_versions import versions_readable
from apps.governance.services.policy_versions import version_simulable, version_simulate
from apps.jobs.models import Job
from apps.jobs.selectors import JobStatus, job_status_latest
from apps.jobs.services import JobRun, job_enqueue, job_handler, job_subject_access

TRIAL_JOB = "governance.policy_trial"
SUBJECT = "policy_version"


def trial_request(kind: PolicyKind, *, version_id: UUID, actor: User, is_interactive: bool) -> Job:
    """
    Ask for a version to be tried on the past, once however often it is asked for.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies there.
    :raises PolicyClosed: it was published before.
    """
    version_simulable(kind, version_id=version_id, actor=actor, is_interactive=is_interactive)
    return job_enqueue(kind=TRIAL_JOB, subject_kind=SUBJECT, subject_id=version_id, requested_by=actor)


def trial_shown(version_id: UUID, user: User) -> JobStatus | None:
    """Return the newest trial of a version as *user* sees it while it goes on, or where it gave no result."""
    status = job_status_latest(kind=TRIAL_JOB, subject_kind=SUBJECT, subject_ids=[version_id], user=user)
    return None if status is None or status.job.state == Job.State.SUCCEEDED else status


@job_handler(TRIAL_JOB, timeout_s=1800, max_attempts=2)
def trial_run(run: JobRun) -> None:
    """Try it for whoever asked at the page, who must still be allowed to."""
    version = PolicyVersion.objects.filter(pk=run.job.subject_id).first()
    kind = policy_kind(version.kind) if version else None
    if version is None or kind is None or run.job.requested_by is None:
        raise NotFound("There is no such version of a policy.")
    run.progress("trying_on_the_past")
    tried = version_simulate(kind, version_id=version.pk, actor=run.job.requested_by, is_interactive=True)
    run.progress("tried", seen=tried.simulation["seen"], stopped=tried.simulation["stopped"])


@job_subject_access(SUBJECT)
def version_is_readable(user: User, version_id: UUID) -> bool:
    return versions_readable(PolicyVersion.objects.all(), user).filter(pk=version_id).exists()
