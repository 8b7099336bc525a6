"""
Runs inside the sandbox: a tree's pytest on a file as it is, on each mutant of it, and as it is once more.

Each run is a copy of this process, which has loaded pytest but nothing of the tree. What tests say in it is said by the
code that is tested, so what is reported is that code's word, not a proof.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

PASSED, FAILED, INTERRUPTED = 0, 1, 2  # pytest's exit codes
SLOWER = 4  # times as long as without the change, and a second at least, is taken for endless
MAX_NAME = 500
MEMORY = 1 << 30
KILLED, SURVIVED, TIMED_OUT, INVALID = "killed", "survived", "timed_out", "invalid"


class FirstFailure:
    """Tells the other end of a pipe which test failed, and how many passed until then."""

    def __init__(self) -> None:
        self.failed = ""
        self.passed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid
        self.passed += report.when == "call" and report.passed


def bounded(limit: int, value: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    _, hard = resource.getrlimit(limit)
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (lowest, hard))


def tests_run(arguments: Sequence[str], cpu_s: int) -> tuple[int, dict[str, Any]]:
    """Run the tests in this process; return pytest's exit code and what was seen."""
    bounded(resource.RLIMIT_CPU, cpu_s)
    bounded(resource.RLIMIT_AS, MEMORY)
    seen = FirstFailure()
    fixed = ["-x", "-qq", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=no", "--no-header", "--color=no"]
    code = pytest.main([*fixed, *arguments], plugins=[seen])
    return int(code), {"failed": seen.failed[:MAX_NAME], "passed": seen.passed}


def copy_run(arguments: Sequence[str], cpu_s: int, wall_s: float) -> tuple[int | None, dict[str, Any], float]:
    """Run the tests in a copy; return its exit code (None: out of time), what it saw, and its processor seconds."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)  # What the copy left running may hold the other end.
    pid = os.fork()
    if pid == 0:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        exit_code, seen = tests_run(arguments, cpu_s)
        os.write(writer, json.dumps(seen).encode())
        os._exit(exit_code)
    os.close(writer)
    status, used = waited(pid, time.monotonic() + wall_s)
    said = words(reader) if status is not None and os.WIFEXITED(status) else b""
    os.close(reader)
    code = None if status is None or killed_for_time(status) else os.waitstatus_to_exitcode(status)
    return code, json.loads(said or b"{}"), used


def words(reader: int) -> bytes:
    """Return what was written to the other end of a pipe, at most 64 KB."""
    try:
        return os.read(reader, 1 << 16)
    except BlockingIOError:
        return b""


def waited(pid: int, deadline: float) -> tuple[int | None, float]:
    """Wait for a copy until the deadline, then end its whole session; return its status and processor seconds."""
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            end_session(pid)
            return status, usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            end_session(pid)
            _, _, usage = os.wait4(pid, 0)
            return None, usage.ru_utime + usage.ru_stime
        time.sleep(0.002)


def end_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def killed_for_time(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU


def verdict(code: int | None) -> str:
    """Return what became of a mutant whose tests ended with this code; a crash is a failure that nobody misses."""
    if code is None:
        return TIMED_OUT
    if code == PASSED:
        return SURVIVED
    return KILLED if code in (FAILED, INTERRUPTED) or code < 0 else INVALID


def main(plan: str, target: str, budget_s: str, *arguments: str) -> None:
    """Try the mutants that *plan* lists until the budget is spent, and write what became of them beside it."""
    root = Path.cwd()
    sys.path[:0] = [str(root), str(root / "src")]
    sys.argv[1:] = []
    hypothesis.settings.register_profile("nofx", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("nofx")
    file, texts = root / target, json.loads((root / plan).read_text())
    original = file.read_bytes()
    began = time.monotonic()
    budget = float(budget_s)
    code, seen, used = copy_run(arguments, math.ceil(budget), budget)
    report: dict[str, Any] = {"first": code, "seen": seen, "results": [], "last": code}
    if code == PASSED:
        cpu_s = max(1, math.ceil(SLOWER * used))
        for text in texts:
            left = budget - (time.monotonic() - began) - 2 * used
            if left <= 0:
                break
            file.write_bytes(text.encode())
            mutant, killer, _ = copy_run(arguments, cpu_s, min(left, 4.0 * cpu_s))
            if mutant is None and left < 4.0 * cpu_s:
                break  # The budget ended, which says nothing of this mutant.
            report["results"].append([verdict(mutant), killer.get("failed", "")])
        file.write_bytes(original)
        report["last"], _, _ = copy_run(arguments, 2 * cpu_s, 8.0 * cpu_s)
    (root / plan).with_name("report.json").write_text(json.dumps(report))
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
