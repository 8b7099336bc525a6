"""Runs the tests of commits again and again in the sandbox, so that a flaky one shows."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.checks.services import suite_run
from apps.checks.types import MeasurementFailed
from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.models import SuiteRun
from apps.quality.services.coverage import REPOSITORY_LIMITS
from apps.quality.services.suite_runs import cases_of, suite_run_record
from apps.quality.types import (
    MEASUREMENT_SUBJECT,
    MOST_COMMITS,
    MOST_RERUNS,
    RERUN_JOB,
    SANDBOX_ENVIRONMENT,
    InputInvalid,
)
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import files_at, head_sha, history
from apps.repositories.services import revision_record


@transaction.atomic
def reruns_start(*, repository: Repository, times: int, commits: int, requested_by: User) -> list[Job]:
    """
    Ask for the tests of the newest commits to be run ``times`` times each; one job for each commit, the newest first.

    While a commit is under way, that job is returned. The caller has decided that ``requested_by`` may ask.

    :raises InputInvalid: fewer than two or more than twenty times, or more than twenty commits.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    if not 2 <= times <= MOST_RERUNS or not 1 <= commits <= MOST_COMMITS:
        raise InputInvalid(
            f"Tests can be run 2 to {MOST_RERUNS} times on 1 to {MOST_COMMITS} commits.",
            remedy="Twice is enough for a pair to count; more runs find rarer flakes.",
        )
    jobs = []
    for commit in history(repository, head_sha(repository), limit=commits):
        revision = revision_record(repository=repository, sha=commit.sha)
        jobs.append(
            job_enqueue(
                kind=RERUN_JOB,
                subject_kind=MEASUREMENT_SUBJECT,
                subject_id=revision.pk,
                requested_by=requested_by,
                payload={"times": times},
            )
        )
    audit_record(
        action=RERUN_JOB,
        object_kind="repository",
        object_id=repository.pk,
        actor=requested_by,
        scope=repository.scope,
        detail={"times": times, "commits": len(jobs)},
    )
    return jobs


def rerun_once(*, revision: Revision, job_id: UUID, turn: int) -> SuiteRun:
    """
    Run the tests of a commit once in the sandbox and keep what each did; a turn that was kept is not run again.

    Takes as long as the tests do, at most ten minutes. A run that did not reach its end is kept as broken, with why.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    digest = sha256_hex(f"{job_id}:{turn}")
    mine = SuiteRun.objects.filter(revision=revision, environment=SANDBOX_ENVIRONMENT, digest=digest)
    if (known := mine.first()) is not None:
        return known
    files = files_at(revision.repository, revision.sha, suffixes=None)
    try:
        cases = cases_of(suite_run(files, limits=REPOSITORY_LIMITS, test_seconds=120))
        broken_by = ""
    except MeasurementFailed as problem:
        cases, broken_by = [], str(problem)
    run, _ = suite_run_record(
        revision=revision,
        environment=SANDBOX_ENVIRONMENT,
        source=SuiteRun.Source.SANDBOX,
        digest=digest,
        cases=cases,
        broken_by=broken_by,
    )
    return run
