"""Runs programs on inputs in the sandbox and judges what came back out here. Needs no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import NOT_RUN, TIMEOUT, Outcome, outcome_from_value
from apps.generation.engine.sessions import DRIVER_ENTRY, session_driver
from apps.sandbox.services import sandbox_map
from apps.sandbox.types import MISSING, Call, FunctionRun, Limits, NodeModule, NodeRun, Result

MAX_ROUNDS = 8
MAX_TIMEOUTS = 2
MAX_FALSE_STARTS = 2
ENDED_ITSELF = outcome_from_value(error="SystemExit: the code ended the process")
RUN_LIMITS = Limits(wall_s=3.0, cpu_s=3, memory_mb=512)
NODE_LIMITS = Limits(wall_s=10.0, cpu_s=10, memory_mb=512)
NODE_CALL_MS = 1000


@dataclass(frozen=True)
class Program:
    """Something to run: its module as a whole, and what makes its neighbours importable."""

    code: str
    setup: str = ""


@dataclass(frozen=True)
class NodeProgram:
    """A module of JavaScript with those that it imports, by path; ``refused`` says why it cannot be run at all."""

    modules: Mapping[str, NodeModule]
    path: str
    refused: str = ""


@dataclass
class Observation:
    """A program under way: the outcomes of the first inputs that it was run on, or why it cannot be run at all."""

    program: Program | NodeProgram
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


def observe(
    programs: Sequence[Program | NodeProgram],
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
    :raises NodeUnavailable: a program is JavaScript, and this machine has no node.
    """
    observations = [Observation(program, refused=getattr(program, "refused", "")) for program in programs]
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


def _spec(one: Observation, inputs: Sequence[PoolInput], driver: str, entry: str) -> FunctionRun | NodeRun:
    """Return the run of the next inputs that are of one kind: calls of the entry, or sessions through the driver."""
    start = len(one.outcomes)
    program = one.program
    if isinstance(program, NodeProgram):
        given = tuple(_node_call(item.call) for item in inputs[start:])
        return NodeRun(program.modules, program.path, entry, given, NODE_LIMITS, NODE_CALL_MS)
    is_session = inputs[start].call.is_session
    waiting = list(takewhile(lambda item: item[1].call.is_session is is_session, enumerate(inputs[start:], start)))
    if is_session:
        calls = tuple(Call((index,)) for index, _ in waiting)
        return FunctionRun(f"{program.code}\n\n{driver}", DRIVER_ENTRY, calls, RUN_LIMITS, program.setup)
    calls = tuple(Call(item.call.args, item.call.kwargs) for _, item in waiting)
    return FunctionRun(program.code, entry, calls, RUN_LIMITS, program.setup)


def _node_call(call: CallInput) -> Call | str:
    return ";\n".join((*call.steps, call.expression)) if call.is_session else Call(call.args, call.kwargs)


def _take(one: Observation, result: Result, *, calls: int) -> None:
    """Append the outcomes of one run; the call that a dead run died on gets the outcome of that death."""
    if result.refused:
        one.refused = result.refused
        return
    for value in result.values[:calls]:
        one.outcomes.append(
            TIMEOUT
            if value.timed_out
            else outcome_from_value(
                None if value.ok is MISSING else value.ok,
                error=value.error,
                bases=value.bases,
                mutated=value.mutated,
                has_value=value.ok is not MISSING,
            )
        )
    if one.rest is None and len(result.values) < calls and result.status != "infra":
        ended_itself = result.status == "exit"
        one.false_starts += ended_itself and not result.values
        one.outcomes.append(ENDED_ITSELF if ended_itself else outcome_from_value(has_value=False, status=result.status))
