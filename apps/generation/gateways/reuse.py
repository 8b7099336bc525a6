"""
Reuse as a provider: existing functions are tried on the examples in the sandbox, and the one that fits is called.

Many adapters are tried in one run, in which code of the repository could claim anything: such a run only narrows. What
is proposed was then run by itself, as the module that it leaves behind, and judged out here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import groupby, islice
from typing import Any

from apps.generation.engine.assembly import BYTE_ORDER_MARK, merge_module
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Expected, outcome_meets
from apps.generation.engine.reuse import (
    Adapter,
    Function,
    Origin,
    Wanted,
    adapters_of,
    evidence,
    imported_packages,
    ranked,
    relevance,
    repository_functions,
    wanted_of,
    written,
)
from apps.generation.engine.reuse_runs import (
    LISTING,
    LISTING_ENTRY,
    SCREEN_ENTRY,
    STANDARD_MODULES,
    screen_source,
)
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.gateways.observing import Program, observe
from apps.providers.types import (
    REUSE,
    Answer,
    Cancelled,
    CodeTask,
    Example,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from apps.sandbox.services import SandboxUnavailable, SpecInvalid, sandbox_map
from apps.sandbox.types import MISSING, Call, FunctionRun, Limits, Result

MAX_FUNCTIONS = 120  # of the repository, and of its dependencies: those whose names fit best
MAX_VERIFIED = 6
CHUNK = 40
ROUNDS = 3
LIMITS = Limits(wall_s=3.0, cpu_s=3, memory_mb=512)


@dataclass
class _Search:
    """One search: what is wanted, what it must satisfy, and whether it still may go on."""

    task: CodeTask
    wanted: Wanted
    rows: Sequence[tuple[Any, ...]]
    may_go_on: Callable[[], None]
    found: list[Adapter] = field(default_factory=list)

    def run(self) -> list[Adapter]:
        """Return what satisfies the examples in the screening runs, the best first."""
        own = repository_functions(self.task.base_files, self.wanted)
        for functions in (self._nearest(own), self._nearest(self._dependencies()), standard_functions()):
            self.may_go_on()
            self.found += self._fitting(functions)
        return ranked(self.found, self.wanted)

    def _nearest(self, functions: Iterable[Function]) -> list[Function]:
        return sorted(functions, key=lambda one: (-relevance(one, self.wanted), one.full_name))[:MAX_FUNCTIONS]

    def _dependencies(self) -> list[Function]:
        known = {name.partition(".")[0] for name in STANDARD_MODULES}
        packages = [name for name in imported_packages(self.task.base_files) if name not in known]
        return functions_in(packages[:20], Origin.DEPENDENCY)

    def _fitting(self, functions: Sequence[Function]) -> list[Adapter]:
        result = type(self.task.examples[0].expected)
        adapters = [one for function in functions for one in adapters_of(function, self.wanted, result)]
        by_module = groupby(sorted(adapters, key=_module), key=_module)
        batches = [list(batch) for _, batch in by_module]
        return self._screen(batches)

    def _screen(self, batches: Sequence[Sequence[Adapter]]) -> list[Adapter]:
        """Run each batch, one module's adapters, in a run of its own; what a dead run did not reach is tried again."""
        examples = [
            [list(row), one.expected, one.raises] for row, one in zip(self.rows, self.task.examples, strict=True)
        ]
        fitting: list[Adapter] = []
        waiting = [_chunks(batch) for batch in batches if batch]
        for _ in range(ROUNDS):
            self.may_go_on()
            if not waiting:
                break
            runs = [self._run(chunks, examples) for chunks in waiting]
            rest = []
            for chunks, result in zip(waiting, sandbox_map(runs), strict=True):
                done = _taken(chunks, result, fitting)
                if done < len(chunks) and not result.refused:
                    rest.append(chunks[done + 1 :])
            waiting = [chunks for chunks in rest if chunks]
        return fitting

    def _run(self, chunks: Sequence[Sequence[Adapter]], examples: list[Any]) -> FunctionRun:
        function = chunks[0][0].function
        own = [function.module] if function.origin is Origin.REPOSITORY else []
        source = screen_source(own)
        head = f"lambda {', '.join(self.wanted.parameters)}: "
        calls = [
            Call(
                (
                    [
                        [number, one.function.module, one.function.name, head, one.expression.format("_target")]
                        for number, one in enumerate(chunk)
                    ],
                    examples,
                )
            )
            for chunk in chunks
        ]
        setup = neighbours_setup(source, "nofx_reuse.py", self.task.base_files) if own else ""
        return FunctionRun(source, SCREEN_ENTRY, tuple(calls), LIMITS, setup)


def _module(adapter: Adapter) -> tuple[int, str]:
    return adapter.function.origin, adapter.function.module


def _chunks(batch: Sequence[Adapter]) -> list[list[Adapter]]:
    """Split what one run tries: functions of a repository stand alone, since one of them may never end."""
    if batch[0].function.origin is Origin.REPOSITORY:
        return [list(same) for _, same in groupby(batch, key=lambda one: one.function)]
    iterator = iter(batch)
    return list(iter(lambda: list(islice(iterator, CHUNK)), []))


def _taken(chunks: Sequence[Sequence[Adapter]], result: Result, fitting: list[Adapter]) -> int:
    """Add what one run says that fits; return how many of its chunks it finished."""
    for chunk, value in zip(chunks, result.values, strict=False):
        numbers = value.ok if isinstance(value.ok, list) else []
        fitting += [chunk[number] for number in numbers if isinstance(number, int) and 0 <= number < len(chunk)]
    return len(result.values)


@lru_cache(maxsize=1)
def standard_functions() -> tuple[Function, ...]:
    """Return the functions of the standard library that may be proposed, listed inside the sandbox once."""
    return tuple(functions_in(STANDARD_MODULES, Origin.STANDARD_LIBRARY))


def functions_in(modules: Sequence[str], origin: Origin) -> list[Function]:
    """Return the public functions of those *modules* that the sandbox can import, each listed in a run of its own."""
    runs = [FunctionRun(LISTING, LISTING_ENTRY, (Call((module,)),), LIMITS) for module in modules]
    found: list[Function] = []
    for result in sandbox_map(runs):
        rows = result.values[0].ok if result.values else MISSING
        found += [one for row in rows if (one := _read(row, origin))] if isinstance(rows, list) else []
    return found


def _read(row: object, origin: Origin) -> Function | None:
    """Return the function of one row, None where a module made something else of it."""
    match row:
        case [str(module), str(name), int(fewest), int() | None as most, list(flags)] if _is_name(module) and _is_name(
            name
        ):
            return Function(module, name, fewest, most, origin, tuple(str(flag) for flag in flags if _is_name(flag)))
    return None


def _is_name(text: object) -> bool:
    return isinstance(text, str) and all(part.isidentifier() for part in text.split("."))


@dataclass(frozen=True)
class Reuse:
    """Looks for a function that exists, for at most *timeout_s* seconds; each sample is the next best one."""

    name: str
    timeout_s: float
    kind: str = "builtin"

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """
        Return a call of the function of rank *sample* among those that satisfy every example.

        :raises ProviderRefused: there are no examples, or fewer than *sample* + 1 functions satisfy them.
        :raises ProviderTimeout: time ran out before anything was found.
        :raises ProviderUnavailable: this machine cannot isolate what nobody trusts.
        :raises Cancelled: *cancelled* returned True.
        """
        started = time.monotonic()

        def may_go_on() -> None:
            if cancelled():
                raise Cancelled(f"The search of {self.name} was stopped.")
            if time.monotonic() - started > self.timeout_s:
                raise ProviderTimeout(f"{self.name} found no function within {self.timeout_s:g} seconds.")

        may_go_on()
        wanted, rows = self._asked(task)
        search = _Search(task, wanted, rows, may_go_on)
        try:
            found = self._verified(search, sample)
        except SandboxUnavailable as error:
            raise ProviderUnavailable(f"{self.name} runs what it finds, and {error}") from None
        except SpecInvalid as error:
            raise ProviderRefused(f"{self.name} cannot pass these examples to a function: {error.message}") from None
        if len(found) <= sample:
            count = f"Only {len(found)} function{'s' * (len(found) > 1)}" if found else "No function"
            raise ProviderRefused(
                f"{count} of the repository, of what it imports or of the standard library satisfies the examples."
            )
        return self._answer(search, found[sample], time.monotonic() - started)

    def _asked(self, task: CodeTask) -> tuple[Wanted, list[tuple[Any, ...]]]:
        if task.language.lower() != "python":
            raise ProviderRefused(f"{self.name} looks for Python only.")
        if not task.entry or not task.examples:
            raise ProviderRefused(
                f"{self.name} finds functions by examples, and the specification has none for a function.",
                remedy="Add a few calls with the values they must return.",
            )
        wanted = wanted_of(
            entry=task.entry,
            signature=task.signature,
            count=len(task.examples[0].args),
            text=f"{task.title} {task.text[:2_000]}",
            target_path=task.target_path,
        )
        rows = [_row(example, wanted.parameters) for example in task.examples] if wanted else [None]
        complete = [row for row in rows if row is not None]
        if wanted is None or len(complete) < len(task.examples):
            raise ProviderRefused(
                f"{self.name} could not tell the function's parameters.", remedy="Name its signature, all plain."
            )
        if all(example.expected is None and example.raises is None for example in task.examples):
            raise ProviderRefused(f"{self.name} needs an example that expects a value.")
        return wanted, complete

    def _verified(self, search: _Search, sample: int) -> list[Adapter]:
        """Return the adapters that satisfy the examples as whole modules, each in runs of its own."""
        adapters = search.run()[: MAX_VERIFIED + sample]
        search.may_go_on()
        programs = [_program(search.task, written(one, search.wanted)) for one in adapters]
        inputs = [_input(one) for one in search.task.examples]
        observations = observe(programs, inputs, entry=search.wanted.entry)
        return [
            adapter
            for adapter, seen in zip(adapters, observations, strict=True)
            if all(
                outcome.mutated is None and one.expected is not None and outcome_meets(outcome, one.expected)
                for outcome, one in zip(seen.outcomes, inputs, strict=True)
            )
        ]

    def _answer(self, search: _Search, adapter: Adapter, seconds: float) -> Answer:
        examples = search.task.examples
        note = evidence(
            adapter,
            examples=len({repr(row) for row in search.rows}),
            results=len({repr((one.expected, one.raises)) for one in examples}),
            others=len({one.function.full_name for one in search.found}) - 1,
        )
        return Answer(
            text=f"```python\n{written(adapter, search.wanted)}```\n",
            model_id=f"{REUSE}/{adapter.function.full_name}"[:120],
            prompt_tokens=None,
            completion_tokens=None,
            cost=Decimal(0),
            latency_ms=seconds * 1000,
            note=note,
        )


def _row(example: Example, names: Sequence[str]) -> tuple[Any, ...] | None:
    """Return the arguments in the order of the parameters, None where they are not all given."""
    rest = names[len(example.args) :]
    if len(example.args) > len(names) or set(rest) != set(example.kwargs):
        return None
    return (*example.args, *(example.kwargs[name] for name in rest))


def _input(example: Example) -> PoolInput:
    call = CallInput(example.args, example.kwargs)
    return PoolInput(call, InputOrigin.EXAMPLE, Expected(example.expected, example.raises))


def _program(task: CodeTask, code: str) -> Program:
    """Return the module that the proposal leaves behind in the repository."""
    files: Mapping[str, str] = {path: text for path, text in task.base_files.items() if path.endswith(".py")}
    module = merge_module(files.get(task.target_path, "").removeprefix(BYTE_ORDER_MARK), code)
    return Program(module, neighbours_setup(module, task.target_path, {**files, task.target_path: module}))
