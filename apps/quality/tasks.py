"""Jobs of the quality track."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound
from apps.governance.models import User
from apps.jobs.services import JobRun, job_handler, job_subject_access
from apps.quality.models import MeasuredCode
from apps.quality.selectors import code_readable
from apps.quality.services import coverage_analyse, debt_assess, test_suite_generate
from apps.quality.types import CODE_SUBJECT, COVERAGE_JOB, DEBT_JOB, MEASUREMENT_SUBJECT, SUITE_JOB, Code
from apps.repositories.models import Revision
from apps.repositories.selectors import revisions_readable


@job_handler(COVERAGE_JOB, timeout_s=900, max_attempts=2)
def coverage_run(run: JobRun) -> None:
    revision = _revision(run)
    run.progress("running_tests", sha=revision.sha[:12])
    report = coverage_analyse(revision=revision, review_id=run.job.pk, before_save=run.raise_if_cancelled)
    run.progress("measured", line_percent=str(report.line_percent), tests=report.tests_run)


@job_handler(DEBT_JOB, timeout_s=600, max_attempts=2)
def debt_run(run: JobRun) -> None:
    revision = _revision(run)
    run.progress("reading_code", sha=revision.sha[:12])
    assessment = debt_assess(revision=revision, proposal_id=run.job.pk, before_save=run.raise_if_cancelled)
    run.progress("measured", minutes=assessment.remediation_minutes)


@job_handler(SUITE_JOB, timeout_s=300, max_attempts=2)
def suite_run(run: JobRun) -> None:
    row = MeasuredCode.objects.select_related("revision__repository__scope").filter(pk=run.job.subject_id).first()
    if row is None:
        raise NotFound("The code that was to be tested is no longer registered.")
    run.progress("writing_and_running_tests", path=row.path)
    suite = test_suite_generate(
        code=Code(text=row.text, path=row.path, revision=row.revision),
        requested_by=row.submitted_by,
        code_id=row.pk,
        suite_id=run.job.pk,
        before_save=run.raise_if_cancelled,
    )
    run.progress("measured", coverage=str(suite.coverage_achieved), edge_cases=suite.edge_cases_found)


@job_subject_access(CODE_SUBJECT)
def code_is_readable(user: User, code_id: UUID) -> bool:
    return code_readable(user).filter(pk=code_id).exists()


@job_subject_access(MEASUREMENT_SUBJECT)
def revision_is_readable(user: User, revision_id: UUID) -> bool:
    return revisions_readable(user).filter(pk=revision_id).exists()


def _revision(run: JobRun) -> Revision:
    revision = Revision.objects.select_related("repository__scope").filter(pk=run.job.subject_id).first()
    if revision is None:
        raise NotFound("The commit that was to be measured is no longer registered.")
    return revision
