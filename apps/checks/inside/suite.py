"""
Runs inside the sandbox: a tree's pytest, under coverage.py where that is wanted, and a JSON report of both.

It shares the process with the code that is tested, so what it reports is that code's word, not a proof.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import coverage
import hypothesis
import pytest
from coverage.exceptions import CoverageException

MAX_FAILURES = 200
MAX_TEXT = 600
# Hypothesis has worded this note in two ways.
EXAMPLE = re.compile(r"(?:Falsifying example|Failing test case): \w+\((.*)\)$", re.DOTALL)


class TooSlow(BaseException):
    """One test takes so long that the others would not be reached. No failure that hypothesis would try to shrink."""


class Recorder:
    """Keeps the outcome of each test, and each failure with the input that caused it."""

    def __init__(self, first: str, last: str, test_seconds: float) -> None:
        self.first, self.last = first, last
        self.test_seconds = test_seconds
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.erred: dict[str, None] = {}
        self.errors = 0
        self.failures: list[dict[str, str]] = []
        signal.signal(signal.SIGALRM, self.too_slow)

    def too_slow(self, signum: int, frame: FrameType | None) -> NoReturn:
        raise TooSlow(f"It took more than {self.test_seconds:g} seconds.")

    def pytest_configure(self, config: pytest.Config) -> None:
        config.args = [self.first, *config.args, self.last]

    def add(self, test: str, error: BaseException) -> None:
        for leaf in leaves(error):
            if len(self.failures) < MAX_FAILURES:
                text = reason(leaf)[:MAX_TEXT]
                shown = slow_input(leaf, test) if isinstance(leaf, TooSlow) else falsifying_input(leaf)
                self.failures.append({"test": test, "error": text, "input": shown})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call":
            self.seconds[item.nodeid] = report.duration
        if report.failed:
            if report.when == "call":
                self.outcomes[item.nodeid] = "failed"
            else:
                self.errors += 1
                self.erred[item.nodeid] = None
            if call.excinfo is not None:
                self.add(item.nodeid, call.excinfo.value)
        elif report.skipped or report.when == "call":
            self.outcomes[item.nodeid] = report.outcome
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        signal.setitimer(signal.ITIMER_REAL, self.test_seconds)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if report.failed:
            self.errors += 1
            error = getattr(getattr(report, "call", None), "excinfo", None)
            if error is not None:
                self.add(collector.nodeid, error.value)
        return report


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the failures of which *error* is made; hypothesis reports several at once."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def reason(error: BaseException) -> str:
    """Return the error in one line; of a module that could not be imported, what its import raised."""
    if isinstance(error, pytest.Collector.CollectError):
        raised = [line[1:].strip() for line in str(error).splitlines() if line.startswith("E ")]
        return raised[-1] if raised else str(error)
    return f"{type(error).__name__}: {error}"


def falsifying_input(error: BaseException) -> str:
    """Return the arguments of the smallest failing example, as hypothesis wrote them down."""
    for note in getattr(error, "__notes__", ()):
        if found := EXAMPLE.match(note):
            lines = (line.partition("  # or any other")[0].strip() for line in found[1].splitlines())
            return " ".join(lines).strip().rstrip(",")[:MAX_TEXT]
    return ""


def slow_input(error: TooSlow, test: str) -> str:
    """Return the arguments the test function had when its time was over."""
    name = test.rpartition("::")[2]
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name == name)
    frame = next(iter(list(frames)[::-1]), None)
    if frame is None:
        return ""
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    return ", ".join(f"{name}={frame.f_locals[name]!r}" for name in names if name in frame.f_locals)[:MAX_TEXT]


def coverage_start() -> coverage.Coverage:
    """Count what runs from here on, the same way for every tree."""
    measure = coverage.Coverage(branch=True, source=["."], config_file=False, data_file=None, omit=[".nofx-*/*"])
    measure.set_option("report:include_namespace_packages", True)
    measure.start()
    return measure


def measured_files(measure: coverage.Coverage, target: Path) -> dict[str, Any]:
    """Return what coverage.py saw of each file; nothing when it saw none."""
    measure.stop()
    try:
        measure.json_report(outfile=str(target), ignore_errors=True)
    except CoverageException:
        return {}
    files: dict[str, Any] = json.loads(target.read_text())["files"]
    return files


def main(folder: str, first: str, last: str, test_seconds: str, coverage_wanted: str, *arguments: str) -> None:
    """Run pytest with *arguments* between our own two modules, and write the report into *folder*."""
    root = Path.cwd()
    sys.path[:0] = [str(root), str(root / "src")]
    sys.argv[1:] = []
    hypothesis.settings.register_profile("nofx", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("nofx")
    recorder = Recorder(first, last, float(test_seconds))
    measure = coverage_start() if coverage_wanted == "coverage" else None
    fixed = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=short", "--no-header", "--color=no"]
    fixed.append("--continue-on-collection-errors")
    code = pytest.main([*fixed, *arguments], plugins=[recorder])
    report = {
        "exit": int(code),
        "outcomes": recorder.outcomes,
        "seconds": recorder.seconds,
        "erred": list(recorder.erred),
        "errors": recorder.errors,
        "failures": recorder.failures,
        "files": measured_files(measure, root / folder / "coverage.json") if measure else {},
    }
    (root / folder / "report.json").write_text(json.dumps(report))
    # Threads and exit handlers of the tested code have nothing left to say.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
