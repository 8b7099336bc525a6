"""What a pool must bear: many copies of one bad model, and tests that are wrong."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.replay.records import Problem


def with_clones(problem: Problem, model: str, count: int) -> Problem:
    """Add so many models that answer exactly as one of the pool does."""
    clones = tuple(
        replace(sample, model=f"{sample.model} (clone {number})")
        for number in range(1, count + 1)
        for sample in problem.samples
        if sample.model == model
    )
    return replace(problem, samples=problem.samples + clones)


def with_flipped_tests(problem: Problem, share: float, *, seed: int) -> Problem:
    """Give a share of the written tests another expectation."""
    random = Random(f"{seed} {problem.id}")  # noqa: S311 - a benchmark, no secret
    tests = tuple(_flipped(test) if random.random() < share else test for test in problem.tests)
    return replace(problem, tests=tests)


def _flipped(test: PoolInput) -> PoolInput:
    value = None if test.expected is None else test.expected.value
    return replace(test, expected=Expected(_another(value)))


def _another(value: object) -> object:
    """Return a value of the same type that is not equal to the given one, where there is one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, None]
    if isinstance(value, tuple):
        return (*value, None)
    return "something else"
