"""Run the candidates on the same inputs, in the sandbox, and judge what came back out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import fuzz_inputs, input_key
from apps.generation.engine.outcomes import NOT_RUN, TIMEOUT, Outcome, outcome_from_value
from apps.generation.engine.sessions import DRIVER_ENTRY, session_driver
from apps.generation.engine.testgen import calls_from_tests, example_inputs
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.models import Candidate
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.sandbox.services import sandbox_map
from apps.sandbox.types import MISSING, Call, FunctionRun, Limits, Result

MAX_TEST_INPUTS = 40
FUZZ_INPUTS = 40
MAX_ROUNDS = 8
MAX_TIMEOUTS = 2
MAX_FALSE_STARTS = 2
ENDED_ITSELF = outcome_from_value(error="SystemExit: the code ended the process")
RUN_LIMITS = Limits(wall_s=3.0, cpu_s=3, memory_mb=512)


@dataclass(frozen=True)
class Program:
    """Something to run: its module as a whole, and what makes its neighbours importable."""

    code: str
    setup: str = ""


@dataclass
class Observation:
    """A program under way: the outcomes of the first inputs that it was run on, or why it cannot be run at all."""

    program: Program
    outcomes: list[Outcome] = field(default_factory=list)
    refused: str = ""
    false_starts: int = 0

    @property
    def rest(self) -> Outcome | None:
        """What the inputs that are left are taken to show, None while running may tell."""
        if self.refused:
            return NOT_RUN
        if self.false_starts >= MAX_FALSE_STARTS:
            return ENDED_ITSELF
        return TIMEOUT if self.outcomes.count(TIMEOUT) >= MAX_TIMEOUTS else None


def pool_inputs(workspace: Workspace, candidates: Sequence[Candidate]) -> list[PoolInput]:
    """Return what every candidate is run on: the person's examples, the calls of generated tests, fuzzed inputs."""
    specification = workspace.specification
    if not specification.is_executable:
        return []
    inputs = list(example_inputs(specification))
    seen = {input_key(one.call) for one in inputs}
    tests: list[PoolInput] = []
    for candidate in candidates:
        if candidate.test is not None and candidate.test.model_id == candidate.model_id:
            tests += calls_from_tests(candidate.test.generated_code, specification.entry)
    inputs += _unseen(tests, seen)[:MAX_TEST_INPUTS]
    fuzzed = fuzz_inputs(
        specification.entry_signature, specification.examples, seed=workspace.run.seed, count=FUZZ_INPUTS
    )
    inputs += _unseen([PoolInput(call, InputOrigin.FUZZ) for call in fuzzed], seen)
    return one_kind_after_the_other(inputs)


def one_kind_after_the_other(inputs: Sequence[PoolInput]) -> list[PoolInput]:
    """Return calls, then sessions: they are run apart, so that this order takes two runs of each program."""
    return sorted(inputs, key=lambda one: one.call.is_session)


def observe(
    programs: Sequence[Program],
    inputs: Sequence[PoolInput],
    *,
    entry: str,
    on_round: Callable[[int], None] = lambda executions: None,
) -> list[Observation]:
    """
    Run every program on every input and return the observations, one outcome for each input.

    A program that dies on an input is started again behind it, a few times; what is left then counts as not run. One
    that ran out of time twice, or twice ended before its first call returned (as code that fails while it is imported
    does), is taken to do so on the rest. A run that the sandbox itself lost is repeated.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    observations = [Observation(program) for program in programs]
    driver = session_driver([one.call for one in inputs])
    for _ in range(MAX_ROUNDS):
        waiting = [one for one in observations if len(one.outcomes) < len(inputs) and one.rest is None]
        if not waiting:
            break
        specs = [_spec(one, inputs, driver, entry) for one in waiting]
        for one, spec, result in zip(waiting, specs, sandbox_map(specs), strict=True):
            _take(one, result, calls=len(spec.calls))
        on_round(sum(len(one.outcomes) for one in observations))
    for one in observations:
        one.outcomes += [one.rest or NOT_RUN] * (len(inputs) - len(one.outcomes))
    return observations


def candidate_program(workspace: Workspace, candidate: Candidate) -> Program:
    """Return the target file as *candidate* leaves it, with the rest of the repository importable."""
    files = {**_python(workspace.files), **_python(changed_files(workspace, candidate))}
    module = files.get(workspace.run.target_path, "")
    return Program(module, neighbours_setup(module, workspace.run.target_path, files))


def _spec(one: Observation, inputs: Sequence[PoolInput], driver: str, entry: str) -> FunctionRun:
    """Return the run of the next inputs that are of one kind: calls of the entry, or sessions through the driver."""
    start = len(one.outcomes)
    program = one.program
    is_session = inputs[start].call.is_session
    waiting = list(takewhile(lambda item: item[1].call.is_session is is_session, enumerate(inputs[start:], start)))
    if is_session:
        calls = tuple(Call((index,)) for index, _ in waiting)
        return FunctionRun(f"{program.code}\n\n{driver}", DRIVER_ENTRY, calls, RUN_LIMITS, program.setup)
    calls = tuple(Call(item.call.args, item.call.kwargs) for _, item in waiting)
    return FunctionRun(program.code, entry, calls, RUN_LIMITS, program.setup)


def _take(one: Observation, result: Result, *, calls: int) -> None:
    """Append the outcomes of one run; the call that a dead run died on gets the outcome of that death."""
    if result.refused:
        one.refused = result.refused
        return
    for value in result.values[:calls]:
        one.outcomes.append(
            outcome_from_value(
                None if value.ok is MISSING else value.ok,
                error=value.error,
                mutated=value.mutated,
                has_value=value.ok is not MISSING,
            )
        )
    if len(result.values) < calls and result.status != "infra":
        ended_itself = result.status == "exit"
        one.false_starts += ended_itself and not result.values
        one.outcomes.append(ENDED_ITSELF if ended_itself else outcome_from_value(has_value=False, status=result.status))


def _unseen(inputs: Sequence[PoolInput], seen: set[str]) -> list[PoolInput]:
    fresh = []
    for one in inputs:
        key = input_key(one.call)
        if key not in seen:
            seen.add(key)
            fresh.append(one)
    return fresh


def _python(files: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in files.items() if path.endswith(".py")}
