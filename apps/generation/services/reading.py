"""How many examples the reader of specifications finds in recorded prompts, each run on the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import call_input_of, input_key
from apps.generation.engine.outcomes import Expected, Outcome, outcome_meets
from apps.generation.engine.replay.claims import claims_in, count_of, is_read
from apps.generation.engine.replay.records import BASE, Problem
from apps.generation.engine.specification import SpecExample, analyse
from apps.generation.engine.values import Unrepresentable
from apps.generation.gateways.observed import Memory
from apps.generation.gateways.observing import Program
from apps.generation.services.replay import recorded_problems


@dataclass(frozen=True)
class ProblemRead:
    """
    What was read from one prompt.

    ``counted`` examples are in it by a count that knows nothing of the reader; ``missed`` are those of them that it
    did not find. ``wrong`` are the examples found that the reference does not meet. ``unchecked`` could not be run.
    """

    task_id: str
    counted: int
    found: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    unchecked: int

    @property
    def is_complete(self) -> bool:
        """Whether the prompt yielded all its examples, and none that is wrong."""
        return not self.missed and not self.wrong


@dataclass(frozen=True)
class Reading:
    """What was read from every prompt of a file."""

    problems: tuple[ProblemRead, ...]

    @property
    def holding(self) -> tuple[ProblemRead, ...]:
        """The problems that hold examples."""
        return tuple(one for one in self.problems if one.counted)

    def as_json(self) -> dict[str, Any]:
        """Return what the command prints, all but how long it took."""
        holding = self.holding
        complete = sum(one.is_complete for one in holding)
        return {
            "problems": len(self.problems),
            "with_examples": len(holding),
            "all_found": sum(not one.missed for one in holding),
            "complete": complete,
            "share": round(complete / len(holding), 4) if holding else None,
            "examples": sum(one.found for one in self.problems),
            "wrong": sum(len(one.wrong) for one in self.problems),
            "unchecked": sum(one.unchecked for one in self.problems),
            "by_problem": [asdict(one) for one in self.problems],
        }


def specification_measure(*, path: Path, memory_path: Path, say: Callable[[str], None] = lambda line: None) -> Reading:
    """
    Read every prompt of a file, count its examples apart, and run those found on the reference in the sandbox.

    :raises ReplayUnreadable: the file is missing, too large, or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    _, problems = recorded_problems(path, label=BASE)
    memory = Memory(memory_path)
    found = []
    try:
        for number, problem in enumerate(problems, 1):
            found.append(_read(problem, memory))
            if number % 20 == 0 or number == len(problems):
                say(f"{number} of {len(problems)} prompts have been read.")
    finally:
        memory.close()
    return Reading(tuple(found))


def _read(problem: Problem, memory: Memory) -> ProblemRead:
    text = prompt_with_shown(problem)
    examples = analyse(text).examples
    claims = claims_in(text, problem.entry, problem.examples)
    outcomes = _outcomes(problem, examples, memory)
    judged = list(zip(examples, outcomes, strict=True))
    return ProblemRead(
        task_id=problem.id,
        counted=count_of(claims),
        found=len(examples),
        missed=tuple(claim.text for claim in claims if not is_read(claim, examples)),
        wrong=tuple(_written(one) for one, seen in judged if seen is not None and not _meets(seen, one)),
        unchecked=sum(seen is None for seen in outcomes),
    )


def prompt_with_shown(problem: Problem) -> str:
    """Return the prompt; one that does not call its function is followed by its examples, lines of ``assert``."""
    if f"{problem.entry}(" in problem.prompt or not problem.shown:
        return problem.prompt
    return "\n".join([problem.prompt, "", *problem.shown, ""])


def _outcomes(problem: Problem, examples: Sequence[SpecExample], memory: Memory) -> list[Outcome | None]:
    """Return what the reference does on each example, None where it cannot be run on it."""
    if not problem.reference:
        return [None] * len(examples)
    inputs = [PoolInput(call_input_of(one), InputOrigin.EXAMPLE) for one in examples]
    keys = [_key(one) for one in inputs]
    different = {key: one for key, one in zip(keys, inputs, strict=True) if key is not None}
    [row] = memory.observe([Program(problem.reference)], list(different.values()), entry=problem.entry)
    seen = dict(zip(different, row, strict=True))
    return [None if key is None else seen[key] for key in keys]


def _key(one: PoolInput) -> str | None:
    try:
        return input_key(one.call)
    except Unrepresentable:
        return None


def _meets(outcome: Outcome, example: SpecExample) -> bool:
    return outcome_meets(outcome, Expected(example.expected, example.raises))


def _written(example: SpecExample) -> str:
    outcome = f"raises {example.raises}" if example.raises else f"== {example.expected!r}"
    return "; ".join([*example.steps, f"{example.call} {outcome}"])
