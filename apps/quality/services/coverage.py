"""Measures coverage by running tests in the sandbox, and keeps the figures for each commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.metadata import version
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from django.db import transaction

from apps.checks.services import coverage_measure
from apps.checks.types import MeasurementFailed, TestMeasurement
from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.quality.engine.coverage import uncovered_findings
from apps.quality.engine.scoring import severity_distribution
from apps.quality.models import AiCodeReview, CoverageReport, SuiteRun
from apps.quality.services.subjects import code_record, commit_record, module_name
from apps.quality.services.suite_runs import cases_of, suite_run_record
from apps.quality.types import COVERAGE_ENVIRONMENT, Code, InputInvalid, NothingToMeasure, coverage_json
from apps.repositories.models import Revision
from apps.repositories.selectors import files_at
from apps.sandbox.services import Limits

REPOSITORY_LIMITS = Limits(
    wall_s=600.0, cpu_s=600, memory_mb=2048, processes=128, files=256, file_mb=64, disk_mb=512, inodes=65536
)
CODE_LIMITS = Limits(
    wall_s=30.0, cpu_s=30, memory_mb=1024, processes=32, files=128, file_mb=16, disk_mb=64, inodes=4096
)
TEST_FILE = "test_subject.py"


def coverage_analyse(
    *, revision: Revision, review_id: UUID | None = None, before_save: Callable[[], None] = lambda: None
) -> CoverageReport:
    """
    Run the tests of a commit in the sandbox and store its coverage, replacing an earlier figure of the same commit.

    Takes as long as the tests do, at most ten minutes. What each test did is kept, too. A review of the uncovered
    blocks is stored beside it, as ``review_id`` if given, so that a repetition writes all of it once. ``before_save``
    is called before anything is written and may raise.

    :raises MeasurementFailed: there is no test, none could start, or the run did not reach its end.
    :raises NothingToMeasure: the commit holds no Python file besides its tests.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    measured = coverage_measure(
        files_at(revision.repository, revision.sha, suffixes=None), limits=REPOSITORY_LIMITS, test_seconds=120
    )
    line_percent = _line_percent(measured)
    before_save()
    with transaction.atomic():
        report, _ = CoverageReport.objects.update_or_create(
            revision=revision,
            source=CoverageReport.Source.SANDBOX,
            defaults={
                "is_complete": measured.errors == 0,
                "line_percent": line_percent,
                "branch_percent": _rounded(measured.branch_percent),
                "files": [coverage_json(file) for file in measured.files],
                "tests_run": measured.tests_run,
                "tests_failed": measured.failed + measured.errors,
            },
        )
        _review_store(measured, code_id=commit_record(revision=revision).pk, review_id=review_id)
        suite_run_record(
            revision=revision,
            environment=COVERAGE_ENVIRONMENT,
            source=SuiteRun.Source.SANDBOX,
            digest=sha256_hex(str(review_id or uuid4())),
            cases=cases_of(measured),
        )
    report.refresh_from_db()
    return report


def coverage_of_code(*, code: Code, tests: str, requested_by: User) -> tuple[TestMeasurement, AiCodeReview]:
    """
    Run ``tests`` against a text in the sandbox; return the figures and the stored review of what they do not reach.

    Takes at most half a minute. ``tests`` is a pytest module that imports the text by the name of its file.

    :raises MeasurementFailed: there is no test, none could start, or the run did not reach its end.
    :raises NothingToMeasure: the text has no statement.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises InputInvalid: the path is not that of an importable module, or the text holds what no file can.
    """
    if module_name(PurePosixPath(code.path)) == PurePosixPath(TEST_FILE).stem:
        raise InputInvalid(f"The text cannot be called {TEST_FILE}.", remedy="That is what its tests are called.")
    files: Mapping[str, bytes] = {code.path: code.text.encode(), TEST_FILE: tests.encode()}
    measured = coverage_measure(files, sources=[code.path], limits=CODE_LIMITS)
    _line_percent(measured)
    with transaction.atomic():
        row = code_record(code=code, submitted_by=requested_by)
        review = _review_store(measured, code_id=row.pk, review_id=None)
    return measured, review


def _review_store(measured: TestMeasurement, *, code_id: UUID, review_id: UUID | None) -> AiCodeReview:
    findings = uncovered_findings(measured.files)
    values = {
        "code_artifact_id": code_id,
        "review_type": "coverage",
        "findings": [{"tool": "coverage.py", **finding.as_json()} for finding in findings],
        "severity_distribution": severity_distribution(findings),
        "quality_score": round(Decimal(measured.line_percent or 0) / 100, 2),
        "review_model": f"coverage.py {version('coverage')}",
    }
    if review_id is None:
        review = AiCodeReview.objects.create(**values)
    else:
        review, _ = AiCodeReview.objects.update_or_create(pk=review_id, defaults=values)
    review.refresh_from_db()
    return review


def _line_percent(measured: TestMeasurement) -> Decimal:
    if measured.tests_run == 0 and measured.errors:
        first = measured.failures[0].error if measured.failures else "no reason was given"
        raise MeasurementFailed(
            f"None of the tests could start: {first}",
            remedy="In the sandbox there is the standard library, pytest, hypothesis and the repository itself.",
        )
    percent = _rounded(measured.line_percent)
    if percent is None:
        raise NothingToMeasure("There is no Python code besides the tests.", remedy="Add some, then measure again.")
    return percent


def _rounded(percent: float | None) -> Decimal | None:
    return None if percent is None else round(Decimal(percent), 2)
