"""Jobs of the quality track."""

from __future__ import annotations

from uuid import UUID

from apps.checks.types import MeasurementFailed
from apps.core.errors import NotFound, PermissionRefused
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.jobs.services import JobRun, job_handler, job_subject_access
from apps.quality.models import MeasuredCode, QualityImprovement
from apps.quality.selectors import code_readable, improvements_readable
from apps.quality.services import (
    coverage_analyse,
    debt_assess,
    mutation_measure,
    optimise_suggest,
    proposal_apply,
    proposal_discard,
    rerun_once,
    review_create,
    test_suite_generate,
)
from apps.quality.types import (
    APPLY_JOB,
    CODE_SUBJECT,
    COVERAGE_JOB,
    DEBT_JOB,
    DISCARD_JOB,
    MEASUREMENT_SUBJECT,
    MUTATION_JOB,
    OPTIMISE_JOB,
    PROPOSAL_SUBJECT,
    RERUN_JOB,
    REVIEW_JOB,
    SUITE_JOB,
    Code,
)
from apps.repositories.models import Revision
from apps.repositories.selectors import revisions_readable


@job_handler(COVERAGE_JOB, timeout_s=900, max_attempts=2)
def coverage_run(run: JobRun) -> None:
    revision = _revision(run)
    run.progress("running_tests", sha=revision.sha[:12])
    report = coverage_analyse(revision=revision, review_id=run.job.pk, before_save=run.raise_if_cancelled)
    run.progress("measured", line_percent=str(report.line_percent), tests=report.tests_run)


@job_handler(RERUN_JOB, timeout_s=7200, max_attempts=3)
def rerun_run(run: JobRun) -> None:
    revision = _revision(run)
    times = int(run.job.payload["times"])
    runs = []
    for turn in range(times):
        run.progress("running_tests", turn=turn + 1, of=times)
        runs.append(rerun_once(revision=revision, job_id=run.job.pk, turn=turn))
        run.raise_if_cancelled()
    broken = [one for one in runs if one.is_infrastructure]
    if len(broken) == times:
        raise MeasurementFailed(f"No run of the tests reached its end. {broken[-1].reason}")
    run.progress("measured", runs=times - len(broken), tests=runs[-1].passed + runs[-1].failed)


@job_handler(DEBT_JOB, timeout_s=600, max_attempts=2)
def debt_run(run: JobRun) -> None:
    revision = _revision(run)
    run.progress("reading_code", sha=revision.sha[:12])
    assessment = debt_assess(revision=revision, proposal_id=run.job.pk, before_save=run.raise_if_cancelled)
    run.progress("measured", minutes=assessment.remediation_minutes)


@job_handler(SUITE_JOB, timeout_s=300, max_attempts=2)
def suite_run(run: JobRun) -> None:
    row, code = _code(run)
    run.progress("writing_and_running_tests", path=row.path)
    suite = test_suite_generate(
        code=code,
        requested_by=row.submitted_by,
        code_id=row.pk,
        suite_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    run.progress("measured", coverage=str(suite.coverage_achieved), edge_cases=suite.edge_cases_found)


@job_handler(REVIEW_JOB, timeout_s=300, max_attempts=2)
def review_run(run: JobRun) -> None:
    row, code = _code(run)
    run.progress("reading_code", path=row.path)
    review = review_create(
        code=code,
        requested_by=row.submitted_by,
        code_id=row.pk,
        review_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    run.progress("reviewed", findings=len(review.findings))


@job_handler(OPTIMISE_JOB, timeout_s=300, max_attempts=2)
def optimise_run(run: JobRun) -> None:
    row, code = _code(run)
    run.progress("looking_for_safe_fixes", path=row.path)
    proposal = optimise_suggest(
        code=code,
        requested_by=row.submitted_by,
        code_id=row.pk,
        proposal_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    run.progress("proposed", improvement=str(proposal.improvement_percentage))


@job_handler(MUTATION_JOB, timeout_s=900, max_attempts=2)
def mutation_run(run: JobRun) -> None:
    row, code = _code(run)
    run.progress("changing_code_and_running_tests", path=row.path)
    measured = mutation_measure(
        code=code,
        requested_by=run.job.requested_by,
        code_id=row.pk,
        run_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    run.progress("measured", noticed=measured.noticed, of=measured.counted)


@job_handler(APPLY_JOB, timeout_s=300, max_attempts=2)
def apply_run(run: JobRun) -> None:
    run.progress("committing")
    applied = proposal_apply(proposal_id=run.job.subject_id, actor=_asker(run), before_save=run.raise_if_cancelled)
    run.progress("applied", branch=applied.branch, commit=applied.head_sha, is_pushed=applied.is_pushed)


@job_handler(DISCARD_JOB, timeout_s=300, max_attempts=2)
def discard_run(run: JobRun) -> None:
    run.progress("removing_the_branch")
    proposal_discard(proposal_id=run.job.subject_id, actor=_asker(run), before_save=run.raise_if_cancelled)
    run.progress("discarded")


@job_subject_access(PROPOSAL_SUBJECT)
def proposal_is_readable(user: User, proposal_id: UUID) -> bool:
    return improvements_readable(user).filter(pk=proposal_id).exists()


@job_subject_access(CODE_SUBJECT)
def code_is_readable(user: User, code_id: UUID) -> bool:
    return code_readable(user).filter(pk=code_id).exists()


@job_subject_access(MEASUREMENT_SUBJECT)
def revision_is_readable(user: User, revision_id: UUID) -> bool:
    return revisions_readable(user).filter(pk=revision_id).exists()


def _code(run: JobRun) -> tuple[MeasuredCode, Code]:
    row = MeasuredCode.objects.select_related("revision__repository__scope").filter(pk=run.job.subject_id).first()
    if row is None:
        raise NotFound("The code that was to be looked at is no longer registered.")
    return row, Code(text=row.text, path=row.path, revision=row.revision)


def _asker(run: JobRun) -> User:
    """
    Return who asked; their right to is looked at again, for it may have been taken away while the job waited.

    :raises PermissionRefused: they may not, or no longer.
    """
    row = MeasuredCode.objects.filter(
        pk__in=QualityImprovement.objects.filter(pk=run.job.subject_id).values("original_code_id")
    )
    code = row.select_related("revision__repository__scope").first()
    asker = run.job.requested_by
    scope = code.revision.repository.scope if code is not None and code.revision is not None else None
    if asker is None or not asker.is_active or not can(asker, Action.SPEC_WRITE, scope):
        raise PermissionRefused("Whoever asked for this may not change the repository's branches any more.")
    return asker


def _revision(run: JobRun) -> Revision:
    revision = Revision.objects.select_related("repository__scope").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be measured is no longer registered.")
    return revision
