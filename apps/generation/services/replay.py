"""Consensus on a file of recorded answers, run for real in the sandbox. Needs neither Django nor a database."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from apps.core.errors import NofxError
from apps.generation.engine.calibration import Public
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.exploration import explored_inputs
from apps.generation.engine.families import Family, family_of
from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.landmarks import landmarks_of
from apps.generation.engine.replay.adversities import with_clones, with_flipped_tests
from apps.generation.engine.replay.calibrating import Drawn, Error, by_size, drawn, errors, public_fitted
from apps.generation.engine.replay.evaluation import Evaluation, evaluate
from apps.generation.engine.replay.records import Problem, RecordInvalid, problems_read
from apps.generation.engine.replay.selectors import Observed
from apps.generation.engine.specification import FunctionSignature, SpecExample, analyse
from apps.generation.gateways.observed import Memory
from apps.generation.gateways.observing import Program

NEAR_INPUTS = 60
EXPLORED_INPUTS = 150
SHOWN_TESTS = 10  # fuzzing starts from these where a person gave no example
MAX_FILE = 512 << 20


class ReplayUnreadable(NofxError):
    """The file cannot be read as recorded problems."""

    code = "replay.unreadable"
    status = 422


@dataclass(frozen=True)
class Options:
    """How a file is replayed; ``clone`` names a model and how many copies of it join, ``flip`` is a share of tests."""

    models: tuple[str, ...] = ()
    label: str = "plus"
    folds: int = 5
    seed: int = 1
    questions: int = 0
    clone: tuple[str, int] | None = None
    flip: float = 0.0


@dataclass(frozen=True)
class Replay:
    """What came of it; ``executions`` counts the different runs of a program on an input, kept or new."""

    problems: int
    pool: tuple[str, ...]
    label: str
    options: Options
    evaluation: Evaluation
    executions: int
    excluded: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return what the command prints, all but how long it took."""
        found = self.evaluation
        return {
            "problems": found.scored,
            "pool": list(self.pool),
            "label": self.label,
            "seed": self.options.seed,
            "questions": self.options.questions,
            "selectors": dict(found.accuracies),
            "gain": {name: None if gain is None else asdict(gain) for name, gain in found.gains.items()},
            "calibration": {
                "ece": found.calibration.error if found.scored else None,
                "coverage_at_95": found.calibration.coverage if found.scored else None,
            },
            "executions": self.executions,
            "choices": {task: [list(pair) for pair in chosen] for task, chosen in found.choices.items()},
            "excluded": self.excluded,
        }


def consensus_replay(
    *, path: Path, memory_path: Path, options: Options, say: Callable[[str], None] = lambda line: None
) -> Replay:
    """
    Run every recorded sample on examples, written tests and fuzzed inputs, choose, and score.

    What was run before is remembered in the file at ``memory_path``. The first run of some thousand samples takes
    minutes; the same again takes seconds and gives the same.

    :raises ReplayUnreadable: the file is missing, too large, or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    label, problems = _problems(path, options)
    observed = _observe_all([one for one in problems if one.samples], memory_path, seed=options.seed, say=say)
    say("Choosing and scoring.")
    return Replay(
        problems=len(problems),
        pool=tuple(sorted({model for problem in problems for model in problem.models})),
        label=label,
        options=options,
        evaluation=evaluate(observed, folds=options.folds, seed=options.seed, questions=options.questions),
        executions=sum(one.executions for one in observed),
        excluded={problem.id: problem.excluded for problem in problems if problem.excluded},
    )


@dataclass(frozen=True)
class Fitted:
    """What was fitted, and how far it is off: by source, and by the size of the pool with the number of these."""

    public: Public
    errors: list[Error]
    sizes: dict[int, tuple[int, float]]

    def as_json(self) -> dict[str, Any]:
        """Return what the command prints."""
        return {
            "public": asdict(self.public),
            "errors": [asdict(one) for one in self.errors],
            "sizes": {size: {"choices": count, "ece": error} for size, (count, error) in self.sizes.items()},
        }


def calibration_fit(
    *,
    paths: Sequence[Path],
    memory_path: Path,
    draws: int,
    seed: int,
    fitted: str,
    say: Callable[[str], None] = lambda line: None,
) -> Fitted:
    """
    Return what pools drawn from recorded answers teach about the evidence behind a choice.

    Each file is one source. *fitted* is the day that stands with what was fitted.

    :raises ReplayUnreadable: a file is missing, too large, or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    pools: list[Drawn] = []
    for path in paths:
        _, problems = _problems(path, Options(seed=seed))
        observed = _observe_all([one for one in problems if one.samples], memory_path, seed=seed, say=say)
        say(f"Drawing pools from {path.name}.")
        pools += drawn(path.name.partition(".")[0], observed, draws=draws, seed=seed)
    say("Fitting.")
    return Fitted(public_fitted(pools, fitted=fitted), errors(pools), by_size(pools))


def _observe_all(
    problems: Sequence[Problem], memory_path: Path, *, seed: int, say: Callable[[str], None]
) -> list[Observed]:
    memory = Memory(memory_path)
    try:
        observed = []
        for number, problem in enumerate(problems, 1):
            observed.append(_observed(problem, memory, seed=seed))
            if number % 20 == 0 or number == len(problems):
                say(f"{number} of {len(problems)} problems have been run.")
    finally:
        memory.close()
    return observed


def _problems(path: Path, options: Options) -> tuple[str, list[Problem]]:
    """
    Return the label and the problems of a file as *options* ask for them.

    :raises ReplayUnreadable: the file cannot be read, or nobody of its pool is the model to add copies of.
    """
    label, problems = recorded_problems(path, label=options.label, models=options.models)
    pool = sorted({model for problem in problems for model in problem.models})
    if options.clone and options.clone[0] not in pool:
        raise ReplayUnreadable(
            f"No sample is of {options.clone[0]}, so it cannot be copied.", remedy=f"Name one of {', '.join(pool)}."
        )
    return label, [_hardened(problem, options) for problem in problems]


def recorded_problems(path: Path, *, label: str, models: Collection[str] = ()) -> tuple[str, list[Problem]]:
    """
    Return the label that is scored by and the problems of a file.

    :raises ReplayUnreadable: the file is missing, too large, or holds something else.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            text = file.read(MAX_FILE + 1).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ReplayUnreadable(f"{path} cannot be read: {error}.", remedy="Name a JSON Lines file.") from error
    if len(text) > MAX_FILE:
        raise ReplayUnreadable(f"{path} is larger than {MAX_FILE >> 20} MB.", remedy="Split it into several files.")
    try:
        return problems_read(text, label=label, models=models)
    except RecordInvalid as error:
        raise ReplayUnreadable(str(error), remedy="Each line is one recorded problem.") from error


def _hardened(problem: Problem, options: Options) -> Problem:
    if options.clone:
        problem = with_clones(problem, *options.clone)
    return with_flipped_tests(problem, options.flip, seed=options.seed) if options.flip else problem


def _observed(problem: Problem, memory: Memory, *, seed: int) -> Observed:
    inputs = (*problem.examples, *problem.tests, *_shown(problem), *_fuzzed(problem, seed))
    different = _different(inputs)
    programs = [Program(sample.code) for sample in problem.samples]
    if problem.reference:
        programs.append(Program(problem.reference))
    rows = memory.observe(programs, different, entry=problem.entry)
    place = {input_key(item.call): index for index, item in enumerate(different)}
    columns = [place[input_key(item.call)] for item in inputs]
    outcomes = [tuple(row[column] for column in columns) for row in rows]
    count = len(problem.samples)
    reference = outcomes[count] if problem.reference else None
    return Observed(problem, inputs, tuple(outcomes[:count]), reference, _family(problem))


def _family(problem: Problem) -> Family:
    return family_of(_signature(problem), [call.args for call in _starts(problem)])


def _different(inputs: Collection[PoolInput]) -> list[PoolInput]:
    """Return each input once, sessions first: they are run apart, so that this order takes two runs of a program."""
    once = {input_key(item.call): item for item in inputs}.values()
    return sorted(once, key=lambda item: not item.call.is_session)


def _starts(problem: Problem) -> Sequence[CallInput]:
    """Return the calls that show what arguments the code is for: a person's, else those of tests."""
    return problem.starts or [item.call for item in problem.tests[:SHOWN_TESTS]]


def _shown(problem: Problem) -> list[PoolInput]:
    """Return the calls inside of examples that are no plain calls; what they must give is not known."""
    written = {input_key(item.call) for item in (*problem.examples, *problem.tests)}
    return [PoolInput(call, InputOrigin.FUZZ) for call in problem.starts if input_key(call) not in written]


def _fuzzed(problem: Problem, seed: int) -> list[PoolInput]:
    return explored_inputs(
        _signature(problem),
        [_example(call, problem.entry) for call in _starts(problem)],
        tests=[item.call for item in problem.tests],
        landmarks=landmarks_of([sample.code for sample in problem.samples]),
        seed=seed,
        near=NEAR_INPUTS,
        count=EXPLORED_INPUTS,
    )


def _signature(problem: Problem) -> FunctionSignature | None:
    functions = analyse(problem.prompt).functions
    return next((function for function in functions if function.name == problem.entry), None)


def _example(call: CallInput, entry: str) -> SpecExample:
    return SpecExample(call=call.text(entry), function=entry, args=call.args, kwargs=call.kwargs)
