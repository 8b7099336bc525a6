"""Starts the measurement of a whole repository in the background."""

from __future__ import annotations

from django.db import transaction

from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.models import CoverageReport
from apps.quality.services.subjects import commit_id
from apps.quality.types import COVERAGE_JOB, MEASUREMENT_SUBJECT
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history
from apps.repositories.services import revision_record

HISTORY = 10


@transaction.atomic
def measurement_start(*, repository: Repository, kind: str, requested_by: User, sha: str | None = None) -> Job:
    """
    Ask for the coverage or the debt of a commit, by default the newest of the default branch.

    While the same measurement of the same commit is under way, that one is returned. The caller has decided that
    ``requested_by`` may ask.

    :raises InputInvalid: ``sha`` is no full commit id.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened, or has no such commit.
    """
    revision = revision_record(repository=repository, sha=commit_id(sha) or head_sha(repository))
    job = job_enqueue(kind=kind, subject_kind=MEASUREMENT_SUBJECT, subject_id=revision.pk, requested_by=requested_by)
    audit_record(
        action=kind,
        object_kind="revision",
        object_id=revision.pk,
        actor=requested_by,
        scope=repository.scope,
        detail={"sha": revision.sha},
    )
    return job


@transaction.atomic
def history_measure(*, repository: Repository, requested_by: User, commits: int = HISTORY) -> list[Job]:
    """
    Ask for the coverage of the newest commits of the default branch that have none yet; one job for each.

    The caller has decided that ``requested_by`` may ask.

    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    shas = [commit.sha for commit in history(repository, head_sha(repository), limit=commits)]
    measured = set(
        CoverageReport.objects.filter(revision__repository=repository, revision__sha__in=shas).values_list(
            "revision__sha", flat=True
        )
    )
    return [
        measurement_start(repository=repository, kind=COVERAGE_JOB, requested_by=requested_by, sha=sha)
        for sha in reversed(shas)
        if sha not in measured
    ]
