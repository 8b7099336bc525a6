"""Runs a tree's tests in the sandbox and reads back what they say of themselves, as far as it can be believed."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from apps.checks import inside
from apps.checks.gateways.canaries import Canaries, canaries_make
from apps.checks.types import (
    ExecutedTest,
    FileCoverage,
    MeasurementFailed,
    TestFailure,
    TestMeasurement,
    plain_text,
)
from apps.sandbox.services import CommandRun, Limits, Result, sandbox_run

NO_TESTS_COLLECTED = 5  # pytest's exit code
MAX_SECONDS = 86_400.0  # no run lasts as long
MAX_REPORT = 16 << 20  # read into memory outside, where it takes many times as much
_WHY = {
    "timeout": "The tests did not end in time.",
    "oom": "The tests needed more memory than they may have.",
    "output_limit": "The tests wrote more output than they may.",
}
_TAMPERED = "The report of the tests was tampered with."


def run(
    files: Mapping[str, bytes],
    *,
    arguments: Sequence[str],
    limits: Limits,
    test_seconds: float,
    sources: Collection[str] | None = None,
    expected: Collection[str] = (),
) -> TestMeasurement:
    """
    Run pytest on ``files`` and report its outcomes, and the coverage of ``sources`` where they are given.

    ``expected`` names tests ("path::name") that must have been run or skipped.

    :raises MeasurementFailed: the run did not reach its end, there was no test, or its report cannot be believed.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    canaries = canaries_make()
    folder = f".nofx-{secrets.token_hex(8)}"
    driver, report_path = f"{folder}/suite.py", f"{folder}/report.json"
    mode = "coverage" if sources is not None else "outcomes"
    result = sandbox_run(
        CommandRun(
            argv=("python", driver, folder, *canaries.files, str(test_seconds), mode, *arguments),
            files={**files, **canaries.files, driver: Path(inside.__path__[0], "suite.py").read_bytes()},
            collect=(report_path,),
            limits=limits,
            env={"HYPOTHESIS_STORAGE_DIRECTORY": f"{folder}/hypothesis", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    )
    report = _report(result, report_path)
    try:
        outcomes = _outcomes(report, canaries)
        if not outcomes and not report["errors"]:
            raise MeasurementFailed(
                "pytest found no test to run.", remedy="Add a test whose file is called test_….py, then measure again."
            )
        _require(expected, outcomes, errors=int(report["errors"]))
        counted = Counter(outcomes.values())
        return TestMeasurement(
            passed=counted["passed"],
            failed=counted["failed"],
            skipped=counted["skipped"],
            errors=int(report["errors"]),
            failures=tuple(
                TestFailure(*(plain_text(str(item[key])) for key in ("test", "error", "input")))
                for item in report["failures"]
                if item["test"] not in canaries.tests
            ),
            files=tuple(
                _file(path, seen) for path, seen in sorted(report["files"].items()) if path in set(sources or ())
            ),
            wall_ms=result.wall_ms,
            tests=tuple(_executed(report, outcomes, canaries)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise MeasurementFailed(_TAMPERED) from error


def _report(result: Result, path: str) -> dict[str, Any]:
    content = result.files.get(path)
    if result.status == "exit" and content is not None:
        if len(content) > MAX_REPORT:
            raise MeasurementFailed(f"The report of the tests is larger than {MAX_REPORT >> 20} MB.")
        try:
            report = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise MeasurementFailed("The report of the tests is not readable.") from error
        if isinstance(report, dict):
            return report
    last_words = plain_text((result.stderr or result.stdout).strip()[-300:])
    why = _WHY.get(result.status, "The tests ended before they could report.")
    raise MeasurementFailed(f"{why} {last_words}".strip(), remedy="Run the tests by hand to see where they stop.")


def _outcomes(report: Mapping[str, Any], canaries: Canaries) -> dict[str, str]:
    """Return the outcome of each test but ours, which must be as we know them to be."""
    outcomes: dict[str, str] = dict(report["outcomes"])
    ours = {test: outcomes.pop(test) for test in canaries.tests if test in outcomes}
    if not ours and report["exit"] != 0:
        raise MeasurementFailed(
            "pytest could not start on this tree.", remedy="Run pytest by hand: its configuration may be wrong."
        )
    if ours != dict.fromkeys(canaries.passing, "passed") | dict.fromkeys(canaries.failing, "failed"):
        raise MeasurementFailed(
            f"{_TAMPERED} Tests of the platform's own, which must fail, were not reported as failed.",
            remedy="Look for code that changes how pytest judges: in conftest.py, or at import.",
        )
    if not set(outcomes.values()) <= {"passed", "failed", "skipped"}:
        raise MeasurementFailed(_TAMPERED)
    return outcomes


def _executed(report: Mapping[str, Any], outcomes: Mapping[str, str], canaries: Canaries) -> Iterator[ExecutedTest]:
    """Yield each test by name; one whose preparation or cleaning up failed has failed."""
    erred = {str(test) for test in report["erred"]} - canaries.tests
    for name, outcome in sorted({**outcomes, **dict.fromkeys(erred, "failed")}.items()):
        seconds = float(report["seconds"].get(name, 0.0))
        if not 0 <= seconds < MAX_SECONDS:
            raise MeasurementFailed(_TAMPERED)
        yield ExecutedTest(plain_text(name), cast("Literal['passed', 'failed', 'skipped']", outcome), seconds)


def _require(expected: Collection[str], outcomes: Collection[str], *, errors: int) -> None:
    """
    :raises MeasurementFailed: a test was neither run nor skipped, and no error says why.
    """
    seen = {test.partition("[")[0] for test in outcomes}
    missing = [] if errors else sorted(set(expected) - seen)
    if missing:
        raise MeasurementFailed(
            f"{len(missing)} of the tests were not run, {missing[0]} among them.",
            remedy="Look for what leaves tests out: a configuration, or code that changes what pytest collects.",
        )


def _file(path: str, seen: dict[str, Any]) -> FileCoverage:
    summary = seen["summary"]
    return FileCoverage(
        path=path,
        statements=int(summary["num_statements"]),
        missing_lines=tuple(int(line) for line in seen["missing_lines"]),
        branches=int(summary["num_branches"]),
        missing_branches=int(summary["missing_branches"]),
    )
