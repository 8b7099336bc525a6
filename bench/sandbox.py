"""Runs per second of ``print(1)`` in the sandbox, against starting the bare interpreter, in the same run."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from apps.sandbox.services import Call, CommandRun, FunctionRun, Sandbox, ScriptRun

CODE = "print(1)"
SECONDS = 3.0
CALLS = 20


def _rate(action: Callable[[], None], workers: int) -> float:
    """Return how often a second ``workers`` threads get through ``action``."""
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda _: action(), range(workers)))
        end = time.perf_counter() + SECONDS
        started = time.perf_counter()

        def loop(_: int) -> int:
            done = 0
            while time.perf_counter() < end:
                action()
                done += 1
            return done

        total = sum(threads.map(loop, range(workers)))
        return total / (time.perf_counter() - started)


def main() -> int:
    """Print the table; 0."""
    workers = len(os.sched_getaffinity(0))
    interpreter = os.path.realpath(sys.executable)
    bare_command = [interpreter, "-I", "-S", "-c", CODE]

    def bare() -> None:
        assert subprocess.run(bare_command, capture_output=True, check=True).stdout == b"1\n"

    sandbox = Sandbox.open(workers=workers)
    function = FunctionRun("def f(x): return x + 1", "f", tuple(Call((i,)) for i in range(CALLS)))

    def script() -> None:
        assert sandbox.run(ScriptRun(CODE)).stdout == "1\n"

    def calls() -> None:
        assert len(sandbox.run(function).values) == CALLS

    def command() -> None:
        assert sandbox.run(CommandRun(("python", "-I", "-S", "-c", CODE))).stdout == "1\n"

    def cpu_of_bare() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(50):
            bare()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / 50

    try:
        base = _rate(bare, workers)
        rates = [
            ("bare python3 -I -S -c 'print(1)', runs/s", base),
            ("script, runs/s", _rate(script, workers)),
            (f"function, calls/s with {CALLS} calls a run", _rate(calls, workers) * CALLS),
            ("command python -I -S -c 'print(1)', runs/s", _rate(command, workers)),
        ]
        cpu_bare = cpu_of_bare()
        cpu_script = sum(sandbox.run(ScriptRun(CODE)).cpu_ms for _ in range(50)) / 50
    finally:
        sandbox.close()
    print(f"{platform.machine()}, {workers} cores, Linux {platform.release()}, Python {platform.python_version()}")
    for name, rate in rates:
        print(f"{name:50s} {rate:10.1f}  {rate / base:6.2f} x bare")
    print(f"{'CPU of a bare run, ms':50s} {cpu_bare:10.2f}")
    print(f"{'CPU of a script run inside, ms':50s} {cpu_script:10.2f}  {cpu_script / cpu_bare:6.2f} x bare")
    return 0


if __name__ == "__main__":
    sys.exit(main())
