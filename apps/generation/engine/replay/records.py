"""Reads recorded problems: one JSON object a line, with samples of models, their labels, examples and written tests."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.source import Unparsable, normalised_digest, parse_candidate
from apps.generation.engine.specification.literals import literal_of
from apps.generation.engine.values import Unrepresentable

NO_LABEL = "no sample has a label"
BASE = "base"


class RecordInvalid(ValueError):
    """A line is not a recorded problem; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded answer; ``is_right`` is None where nobody executed the hidden tests on it."""

    model: str
    code: str
    digest: str
    is_right: bool | None


@dataclass(frozen=True, slots=True)
class Problem:
    """
    A recorded problem.

    ``examples`` are what a person gave. ``tests`` were written by models; each one's weight grows with how often it was
    written. ``reference`` is code that is right, or "". ``excluded`` says why the problem is not scored, or is "".
    ``shown`` are the examples as lines of ``assert``, those that are no call with a literal result included.
    """

    id: str
    prompt: str
    entry: str
    examples: tuple[PoolInput, ...]
    tests: tuple[PoolInput, ...]
    samples: tuple[Sample, ...]
    reference: str
    excluded: str
    shown: tuple[str, ...] = ()

    @property
    def models(self) -> frozenset[str]:
        return frozenset(sample.model for sample in self.samples)


def problem_read(row: Mapping[str, Any], *, label: str, models: Collection[str]) -> Problem:
    """
    Return the problem that a line describes, with the samples of ``models`` only, all of them where none is named.

    :raises RecordInvalid: something that every problem has is missing.
    """
    try:
        entry = row["entry_point"]
        samples = tuple(
            Sample(sample["model"], sample["code"], _digest(sample["code"], entry), _label(sample, label))
            for sample in row["samples"]
            if not models or sample["model"] in models
        )
        examples = _judged(row["examples_in_prompt"], entry, InputOrigin.EXAMPLE)
        problem = Problem(
            id=row["task_id"],
            prompt=row["prompt"],
            entry=entry,
            examples=examples,
            tests=_unseen(_judged(row.get("generated_tests") or (), entry, InputOrigin.GENERATED_TEST), examples),
            samples=samples,
            reference=_reference(row),
            excluded=row.get("exclude") or "",
            shown=tuple(item["assert_line"] for item in row["examples_in_prompt"] if item.get("assert_line")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        name = row.get("task_id", "A line") if isinstance(row, dict) else "A line"
        raise RecordInvalid(f"{name} is no recorded problem: {error!r}.") from error
    if problem.excluded or any(sample.is_right is not None for sample in samples):
        return problem
    return replace(problem, excluded=NO_LABEL)


def _label(sample: Mapping[str, Any], label: str) -> bool | None:
    found = (sample["labels"] or {}).get(label)
    return None if found is None else bool(found)


def _digest(code: str, entry: str) -> str:
    parsed = parse_candidate(code, entry)
    return code if isinstance(parsed, Unparsable) else normalised_digest(code)


def _reference(row: Mapping[str, Any]) -> str:
    whole: str = row.get("canonical_plus") or ""
    body: str = row.get("canonical_solution") or ""
    if whole or not body:
        return whole
    return body if f"def {row['entry_point']}" in body else row["prompt"] + body


def _judged(items: Sequence[Mapping[str, Any]], entry: str, origin: InputOrigin) -> tuple[PoolInput, ...]:
    read = (_judged_input(item, entry, origin) for item in items)
    return tuple(item for item in read if item is not None)


def _judged_input(item: Mapping[str, Any], entry: str, origin: InputOrigin) -> PoolInput | None:
    """Return the input of a call with literal arguments and a literal result; None for any other."""
    if item["call"] is None or item["expected"] is None:
        return None
    try:
        call = ast.parse(item["call"].strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != entry:
            return None
        arguments = tuple(literal_of(argument) for argument in call.args)
        keywords = {word.arg: literal_of(word.value) for word in call.keywords if word.arg}
        expected = Expected(literal_of(ast.parse(item["expected"].strip(), mode="eval").body))
        found = PoolInput(CallInput(arguments, keywords), origin, expected, 1 + math.log(item.get("n") or 1))
        input_key(found.call)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unrepresentable):
        return None
    return found


def _unseen(tests: Sequence[PoolInput], examples: Sequence[PoolInput]) -> tuple[PoolInput, ...]:
    seen = {input_key(item.call) for item in examples}
    return tuple(item for item in tests if input_key(item.call) not in seen)


def problems_read(text: str, *, label: str, models: Collection[str]) -> tuple[str, list[Problem]]:
    """
    Return the label that is scored by (base where no sample has the wanted one) and the problems of a file.

    Problems that lack a named model say so.

    :raises RecordInvalid: a line is not JSON or not a problem.
    """
    try:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise RecordInvalid(f"The file is not JSON Lines: {error}.") from error
    for scored in (label, BASE):
        problems = [problem_read(row, label=scored, models=models) for row in rows]
        if any(sample.is_right is not None for problem in problems for sample in problem.samples):
            break
    return scored, [_with_all(problem, models) for problem in problems]


def _with_all(problem: Problem, models: Collection[str]) -> Problem:
    missing = sorted(set(models) - problem.models)
    if not missing or problem.excluded:
        return problem
    return replace(problem, excluded=f"no sample of {', '.join(missing)}")
