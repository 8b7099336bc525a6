"""
What a sandboxed run costs, beside starting the bare interpreter on the same machine in the same minute.

Every figure is measured in short slices, each next to a slice of bare runs; its ratio is the median of the pairs, so
that a machine whose speed drifts does not change it.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from apps.sandbox.services import Call, CommandRun, FunctionRun, Sandbox, ScriptRun
from bench.figures import Figure

CODE = "print(1)"
CALLS = 20
ROUNDS = 11
SLICE_S = 0.4
CPU_RUNS = 400
LONG_RUNS = 10_000
WARM_RUNS = 1_000
KIB = 1024
PROJECT = Path(__file__).resolve().parents[1]

WORKERS = len(os.sched_getaffinity(0))
BARE = [os.path.realpath(sys.executable), "-I", "-S", "-c", CODE]
SCRIPT = ScriptRun(CODE)
FUNCTION = FunctionRun("def f(x): return x + 1", "f", tuple(Call((i,)) for i in range(CALLS)))
COMMAND = CommandRun(("python", "-I", "-S", "-c", CODE))


def main() -> int:
    """Print every figure with what it ran on; 0 when all goals are kept."""
    print(f"{platform.machine()}, {WORKERS} cores, Linux {platform.release()}, Python {platform.python_version()}")
    figures = []
    for figure in measure():
        figures.append(figure)
        print(figure.line(), flush=True)
    return 0 if all(figure.is_kept for figure in figures) else 1


def measure() -> Iterator[Figure]:
    """Measure one thing after the other; the sandboxes are closed again."""
    fast, plain = Sandbox.open(workers=WORKERS), Sandbox.open(workers=WORKERS, accelerate=False)
    try:
        if fast.runtime.accelerator:
            yield _ratio("script, runs/s", lambda: _script(fast), 4.0)
        yield _ratio("script without the C part, runs/s", lambda: _script(plain), 2.5)
        yield _ratio(f"function, calls/s at {CALLS} calls a run", lambda: _function(fast), 50.0, times=CALLS)
        yield _ratio("command python -I -S -c 'print(1)', runs/s", lambda: _command(fast), 0.7)
    finally:
        fast.close()
        plain.close()
    yield _cpu()
    yield from _long_run()
    yield from _attacks()


def _bare() -> None:
    assert subprocess.run(BARE, capture_output=True, check=True).stdout == b"1\n"


def _script(sandbox: Sandbox) -> None:
    assert sandbox.run(SCRIPT).stdout == "1\n"


def _function(sandbox: Sandbox) -> None:
    assert len(sandbox.run(FUNCTION).values) == CALLS


def _command(sandbox: Sandbox) -> None:
    assert sandbox.run(COMMAND).stdout == "1\n"


def _rate(action: Callable[[], None]) -> float:
    """Return how often a second the workers get through ``action``."""
    with ThreadPoolExecutor(WORKERS) as threads:
        started = time.perf_counter()

        def loop(_: int) -> int:
            done = 0
            while time.perf_counter() < started + SLICE_S:
                action()
                done += 1
            return done

        return sum(threads.map(loop, range(WORKERS))) / (time.perf_counter() - started)


def _ratio(name: str, action: Callable[[], None], goal: float, *, times: int = 1) -> Figure:
    action()
    pairs = [(_rate(_bare), _rate(action) * times) for _ in range(ROUNDS)]
    ratios = sorted(rate / bare for bare, rate in pairs)
    bare, rate = (statistics.median(side) for side in zip(*pairs, strict=True))
    how = f"{rate:.0f}/s against {bare:.0f}/s; pairs {ratios[0]:.2f} to {ratios[-1]:.2f}"
    return Figure(name, statistics.median(ratios), "x bare", goal, how, at_least=True)


def _cpu_seconds() -> float:
    """Return the processor time of this process and of everything it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cpu_of(runs: int) -> float:
    before = _cpu_seconds()
    sandbox = Sandbox.open(workers=1)
    _script(sandbox)
    for _ in range(runs):
        _script(sandbox)
    sandbox.close()
    return _cpu_seconds() - before


def _cpu() -> Figure:
    """Everything counts: this process, the fork server, the run; the start of a fork server is taken off."""
    run_ms = (_cpu_of(CPU_RUNS) - _cpu_of(0)) / CPU_RUNS * 1000
    before = _cpu_seconds()
    for _ in range(CPU_RUNS // 4):
        _bare()
    bare_ms = (_cpu_seconds() - before) / (CPU_RUNS // 4) * 1000
    how = f"{run_ms:.2f} ms against {bare_ms:.2f} ms, both with the process that asks"
    return Figure("CPU of a script run", run_ms / bare_ms, "x bare", 0.36, how=how)


def _long_run() -> Iterator[Figure]:
    """What many runs leave behind."""
    sandbox = Sandbox.open(workers=WORKERS)
    try:
        _run_many(sandbox, WARM_RUNS)
        processes, descriptors, memory = len(_descendants()), _descriptors(), _resident()
        _run_many(sandbox, LONG_RUNS - WARM_RUNS)
        left = len(_descendants()) - processes  # fork servers that served long enough were replaced
        yield Figure(f"processes left by {LONG_RUNS} runs", left, "", 0)
        yield Figure(f"descriptors left by {LONG_RUNS} runs", _descriptors() - descriptors, "", 0)
        grown = (_resident() - memory) / KIB
        how = f"this process and {WORKERS} fork servers, from run {WARM_RUNS}"
        yield Figure(f"memory grown by run {LONG_RUNS}", grown, "MB", 8, how=how)
    finally:
        sandbox.close()


def _attacks() -> Iterator[Figure]:
    """The project's own programs that try to get out, to hold on or to forge, as this user and as an ordinary one."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "tests/sandbox/test_attacks.py", f"--junitxml={report}"]
        subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - our own report
        found = {case.get("name", ""): len(case) == 0 for case in cases}
    tried = {name: held for name, held in found.items() if name.startswith("test_an_attack_is_contained")}
    contained = sum(tried.values())
    yield Figure("attacks contained", contained, f"of {len(tried)}", len(tried), at_least=True)
    forged = [name for name, held in tried.items() if "forge" in name and not held]
    yield Figure("forged verdicts", len(forged), "", 0)


def _run_many(sandbox: Sandbox, runs: int) -> None:
    assert all(result.stdout == "1\n" for result in sandbox.map(SCRIPT for _ in range(runs)))


def _descendants() -> set[int]:
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
            new = set(map(int, (task / "children").read_text().split())) - found
            found |= new
            waiting += new
    return found


def _descriptors() -> int:
    return sum(1 for pid in {os.getpid()} | _descendants() for _ in Path(f"/proc/{pid}/fd").iterdir())


def _resident() -> int:
    """Return the resident memory, in KiB, of this process and of all below it."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in {os.getpid()} | _descendants())
    return pages * os.sysconf("SC_PAGE_SIZE") // KIB


if __name__ == "__main__":
    sys.exit(main())
