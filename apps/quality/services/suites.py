"""Writes tests for a text, runs them in the sandbox, and keeps what they showed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import PurePosixPath
from uuid import UUID

from django.db import transaction

from apps.checks.services import coverage_measure
from apps.checks.types import TestMeasurement
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.engine.testgen import GeneratedTests, generate_tests
from apps.quality.models import GeneratedTestSuite
from apps.quality.services.subjects import code_record, module_name, neighbours
from apps.quality.types import CODE_SUBJECT, SUITE_JOB, Code, NothingToMeasure
from apps.sandbox.services import Limits

TEST_FILE = "test_nofx_properties.py"
LIMITS = Limits(wall_s=90.0, cpu_s=90, memory_mb=2048, processes=64, files=256, file_mb=64, disk_mb=256, inodes=32768)


@transaction.atomic
def suite_start(*, code: Code, requested_by: User) -> Job:
    """
    Ask for a test suite in the background; see :func:`test_suite_generate` for what it does.

    While one for the same text of the same commit is under way, that one is returned. The caller has decided that
    ``requested_by`` may ask.

    :raises Unparsable: the text is not Python.
    :raises NothingToMeasure: nothing in it can be tested from its annotations; the message says why.
    :raises InputInvalid: the path is not that of an importable module, or the text holds what no file can.
    """
    _tests_for(code)
    row = code_record(code=code, submitted_by=requested_by)
    return job_enqueue(kind=SUITE_JOB, subject_kind=CODE_SUBJECT, subject_id=row.pk, requested_by=requested_by)


def test_suite_generate(
    *,
    code: Code,
    requested_by: User | None,
    code_id: UUID | None = None,
    suite_id: UUID | None = None,
    before_save: Callable[[], None] = lambda: None,
) -> GeneratedTestSuite:
    """
    Write property tests for a text, run them in the sandbox under coverage, and store both; takes seconds.

    ``edge_cases_found`` counts the distinct smallest inputs on which a property fails; ``coverage_achieved`` is the
    share of the text's statements that its tests run. The figures come from the process that ran the code. The row is
    ``suite_id`` if given, so that a repetition writes it once; ``before_save`` is called before anything is written and
    may raise. The caller has decided that ``requested_by`` may ask.

    :raises Unparsable: the text is not Python.
    :raises NothingToMeasure: nothing in it can be tested from its annotations; the message says why.
    :raises MeasurementFailed: the tests could not be run to their end.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises InputInvalid: the path is not that of an importable module.
    """
    tests = _tests_for(code)
    measured = coverage_measure(
        {**neighbours(code), code.path: code.text.encode(), TEST_FILE: tests.source.encode()},
        sources=[code.path],
        arguments=[TEST_FILE],
        limits=LIMITS,
    )
    before_save()
    with transaction.atomic():
        values = {
            "target_code_id": code_record(code=code, submitted_by=requested_by, code_id=code_id).pk,
            "test_type": "property",
            "coverage_achieved": None if measured.line_percent is None else round(Decimal(measured.line_percent), 2),
            "edge_cases_found": len(edge_cases(measured)),
            "test_code": tests.source,
            "execution_results": _results(measured),
            "quality_metrics": _metrics(tests),
        }
        if suite_id is None:
            row = GeneratedTestSuite.objects.create(**values)
        else:
            row, _ = GeneratedTestSuite.objects.update_or_create(pk=suite_id, defaults=values)
    row.refresh_from_db()
    return row


def _tests_for(code: Code) -> GeneratedTests:
    """
    Return the tests of a text.

    :raises Unparsable: it is not Python.
    :raises NothingToMeasure: nothing in it can be tested.
    :raises InputInvalid: the path is not that of an importable module.
    """
    tests = generate_tests(code.text, module_name(PurePosixPath(code.path)))
    if not tests.source:
        reasons = "; ".join(f"{item.name}: {item.reason}" for item in tests.skipped[:5])
        raise NothingToMeasure(
            f"No test can be written from the annotations of {code.path}. {reasons}".strip(),
            remedy="Annotate the parameters of public functions, then try again.",
        )
    return tests


def edge_cases(measured: TestMeasurement) -> list[dict[str, str]]:
    """Return each distinct input that makes a function fail, with the error; one input may fail several properties."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for failure in measured.failures:
        test = failure.test.rpartition("::")[2]
        if failure.input:
            found.setdefault((test, failure.input), {"test": test, "input": failure.input, "error": failure.error})
    return list(found.values())


def _results(measured: TestMeasurement) -> dict[str, object]:
    return {
        "passed": measured.passed,
        "failed": measured.failed,
        "skipped": measured.skipped,
        "errors": measured.errors,
        "branch_coverage": None if measured.branch_percent is None else round(measured.branch_percent, 2),
        "uncovered_lines": [line for file in measured.files for line in file.missing_lines],
        "edge_cases": edge_cases(measured),
        "failures": [failure.as_json() for failure in measured.failures],
        "wall_ms": round(measured.wall_ms),
        "trust": "in_process",
    }


def _metrics(tests: GeneratedTests) -> dict[str, object]:
    return {
        "functions": list(tests.functions),
        "properties": {law: tests.laws.count(law) for law in sorted(set(tests.laws))},
        "skipped": [{"name": item.name, "reason": item.reason} for item in tests.skipped],
    }
