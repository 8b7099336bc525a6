"""Measures programs in the sandbox on growing inputs. Needs no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.generation.engine.inputs import CallInput
from apps.generation.engine.profile import DRIVER, DRIVER_ENTRY, SIZES, Point, Profile, calls_at, grown
from apps.generation.gateways.observing import Program
from apps.sandbox.services import SpecInvalid, sandbox_map
from apps.sandbox.types import Call, FunctionRun, Limits, Result

REPEATS = 3
LIMITS = Limits(wall_s=4.0, cpu_s=2, memory_mb=512)
MOST_MS = 1000.0


def profile(programs: Sequence[Program], call: CallInput, *, entry: str) -> list[Profile]:
    """
    Return how each program's cost grows from *call* on; a program that does not end in time, or fails, stops there.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    found = [Profile(()) for _ in programs]
    for size in SIZES:
        larger = grown(call, size)
        waiting = [n for n, one in enumerate(found) if one.stopped_at is None and one.is_affordable(size, MOST_MS)]
        if larger is None or not waiting:
            break
        try:
            specs = [spec for n in waiting for spec in _specs(programs[n], larger, size, entry)]
            results = list(sandbox_map(specs))
        except SpecInvalid:
            break  # larger than the sandbox takes
        runs = len(results) // len(waiting)
        for place, n in enumerate(waiting):
            found[n] = _with_point(found[n], size, results[place * runs : (place + 1) * runs])
    return found


def _specs(program: Program, call: CallInput, size: int, entry: str) -> list[FunctionRun]:
    """Return the runs of one size: many calls and one call, in turn; then one call and none on one copy."""
    many = calls_at(size)
    shapes = [(many, many), (many, 1)] * REPEATS + [(1, 1), (1, 0)]
    code = program.code + DRIVER.format(entry=entry)
    arguments = (list(call.args), dict(call.kwargs))
    return [FunctionRun(code, DRIVER_ENTRY, (Call((*arguments, *shape)),), LIMITS, program.setup) for shape in shapes]


def _with_point(so_far: Profile, size: int, results: Sequence[Result]) -> Profile:
    if any(result.status != "exit" or not result.values or result.values[0].error for result in results):
        return replace(so_far, stopped_at=size)
    timed, (once, never) = results[:-2], results[-2:]
    many = min(result.cpu_ms for result in timed[::2])
    single = min(result.cpu_ms for result in timed[1::2])
    calls = calls_at(size) - 1
    kib = max(0, once.peak_memory_kb - never.peak_memory_kb)
    point = Point(size, round(max(0.0, many - single) / calls, 6), calls, kib)
    return replace(so_far, points=(*so_far.points, point))
