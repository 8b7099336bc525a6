"""Runs a tree's tests in the sandbox under coverage.py and reads back what ran."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from apps.checks import inside
from apps.checks.types import FileCoverage, MeasurementFailed, TestFailure, TestMeasurement, plain_text
from apps.sandbox.services import CommandRun, Limits, Result, sandbox_run

DRIVER = ".nofx-measure/measure.py"
REPORT = ".nofx-measure/report.json"
NO_TESTS_COLLECTED = 5  # pytest's exit code
_WHY = {
    "timeout": "The tests did not end in time.",
    "oom": "The tests needed more memory than they may have.",
    "output_limit": "The tests wrote more output than they may.",
}


def measure(
    files: Mapping[str, bytes],
    *,
    sources: Collection[str],
    arguments: Sequence[str],
    limits: Limits,
    test_seconds: float,
) -> TestMeasurement:
    """
    Run pytest on ``files`` and report the coverage of ``sources``.

    :raises MeasurementFailed: the run did not reach its end, or there was no test.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    driver = Path(inside.__path__[0], "measure.py").read_bytes()
    result = sandbox_run(
        CommandRun(
            argv=("python", DRIVER, *arguments),
            files={**files, DRIVER: driver},
            collect=(REPORT,),
            limits=limits,
            env={
                "NOFX_TEST_SECONDS": str(test_seconds),
                "HYPOTHESIS_STORAGE_DIRECTORY": ".nofx-measure/hypothesis",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
    )
    report = _report(result)
    if report["exit"] == NO_TESTS_COLLECTED and not report["errors"]:
        raise MeasurementFailed(
            "pytest found no test to run.", remedy="Add a test whose file is called test_….py, then measure again."
        )
    try:
        return TestMeasurement(
            passed=int(report["passed"]),
            failed=int(report["failed"]),
            skipped=int(report["skipped"]),
            errors=int(report["errors"]),
            failures=tuple(
                TestFailure(*(plain_text(str(item[key])) for key in ("test", "error", "input")))
                for item in report["failures"]
            ),
            files=tuple(_file(path, seen) for path, seen in sorted(report["files"].items()) if path in set(sources)),
            wall_ms=result.wall_ms,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MeasurementFailed("The report of the tests was tampered with.") from error


def _report(result: Result) -> dict[str, Any]:
    content = result.files.get(REPORT)
    if result.status == "exit" and content is not None:
        try:
            report = json.loads(content)
        except ValueError as error:
            raise MeasurementFailed("The report of the tests is not readable.") from error
        if isinstance(report, dict) and {"exit", "errors"} <= report.keys():
            return report
    last_words = plain_text((result.stderr or result.stdout).strip()[-300:])
    why = _WHY.get(result.status, "The tests ended before they could report.")
    raise MeasurementFailed(f"{why} {last_words}".strip(), remedy="Run the tests by hand to see where they stop.")


def _file(path: str, seen: dict[str, Any]) -> FileCoverage:
    summary = seen["summary"]
    return FileCoverage(
        path=path,
        statements=int(summary["num_statements"]),
        missing_lines=tuple(int(line) for line in seen["missing_lines"]),
        branches=int(summary["num_branches"]),
        missing_branches=int(summary["missing_branches"]),
    )
