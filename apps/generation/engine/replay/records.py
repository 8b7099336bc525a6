"""Reads recorded problems: one JSON object a line, with samples of models, their labels, examples and written tests."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.replay.asserted import calls_shown, plain_input, session_input
from apps.generation.engine.source import Unparsable, normalised_digest, parse_candidate

NO_LABEL = "no sample has a label"
NO_SAMPLE = "it has no sample"
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

    ``examples`` are what a person gave, ``starts`` the calls of the entry that they are or hold. ``tests`` were written
    by models; each one's weight grows with how often it was written. ``reference`` is code that is right, or "".
    ``excluded`` says why the problem is not scored, or is "". ``shown`` are the examples as lines of ``assert``, those
    that cannot be run included.
    """

    id: str
    prompt: str
    entry: str
    examples: tuple[PoolInput, ...]
    starts: tuple[CallInput, ...]
    tests: tuple[PoolInput, ...]
    samples: tuple[Sample, ...]
    reference: str
    excluded: str
    shown: tuple[str, ...] = ()

    @property
    def models(self) -> frozenset[str]:
        return frozenset(sample.model for sample in self.samples)


def problem_read(row: Mapping[str, Any], *, label: str) -> Problem:
    """
    Return the problem that a line describes.

    Only its id, its entry and its samples are needed; whatever else is missing is not there.

    :raises RecordInvalid: something that every problem has is missing or of another kind.
    """
    try:
        entry = _text(row["entry_point"])
        samples = tuple(_sample(sample, entry, label) for sample in row["samples"])
        shown = tuple(row.get("examples_in_prompt") or ())
        examples = tuple(_examples(shown, entry))
        problem = Problem(
            id=_id(row["task_id"]),
            prompt=_text(row.get("prompt") or ""),
            entry=entry,
            examples=examples,
            starts=_starts(examples, entry),
            tests=_unseen(_tests(row.get("generated_tests") or (), entry), examples),
            samples=samples,
            reference=_reference(row, entry),
            excluded=_text(row.get("exclude") or ""),
            shown=tuple(_text(item["assert_line"]) for item in shown if item.get("assert_line")),
        )
    except KeyError as error:
        raise RecordInvalid(f"{_name(row)} is no recorded problem: it has no {error}.") from error
    except (TypeError, AttributeError) as error:
        raise RecordInvalid(f"{_name(row)} is no recorded problem: {error}.") from error
    return problem if problem.excluded else replace(problem, excluded=_unscored(samples))


def _unscored(samples: Sequence[Sample]) -> str:
    """Return why nobody can score a choice among *samples*, "" where somebody can."""
    if not samples:
        return NO_SAMPLE
    return "" if any(sample.is_right is not None for sample in samples) else NO_LABEL


def _name(row: object) -> str:
    return str(row.get("task_id", "A line")) if isinstance(row, dict) else "A line"


def _text(value: object) -> str:
    """
    Return *value*, with what UTF-8 cannot write as the escape that Python reads the same.

    :raises TypeError: it is no text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value.encode("utf-8", "backslashreplace").decode()


def _id(value: object) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _sample(sample: Mapping[str, Any], entry: str, label: str) -> Sample:
    code = _text(sample.get("code") or "")
    return Sample(_text(sample["model"]), code, _digest(code, entry), _label(sample, label))


def _label(sample: Mapping[str, Any], label: str) -> bool | None:
    found = (sample.get("labels") or {}).get(label)
    return None if found is None else bool(found)


def _digest(code: str, entry: str) -> str:
    parsed = parse_candidate(code, entry)
    return code if isinstance(parsed, Unparsable) else normalised_digest(code)


def _reference(row: Mapping[str, Any], entry: str) -> str:
    """Return the first of the module, the body as a module and the prompt with the body that defines the entry."""
    body = _text(row.get("canonical_solution") or "")
    written = [_text(row.get("canonical_plus") or ""), body, _text(row.get("prompt") or "") + body if body else ""]
    return next((code for code in written if code and not isinstance(parse_candidate(code, entry), Unparsable)), "")


def _examples(items: Iterable[Mapping[str, Any]], entry: str) -> Iterable[PoolInput]:
    for item in items:
        found = plain_input(item, entry, InputOrigin.EXAMPLE) or session_input(item, entry)
        if found is not None:
            yield found


def _starts(examples: Sequence[PoolInput], entry: str) -> tuple[CallInput, ...]:
    calls = [call for example in examples for call in calls_shown(example, entry)]
    return tuple({input_key(call): call for call in calls}.values())


def _tests(items: Iterable[Mapping[str, Any]], entry: str) -> list[PoolInput]:
    read = ((plain_input(item, entry, InputOrigin.GENERATED_TEST), item) for item in items)
    return [replace(found, author=_text(item.get("model") or "")) for found, item in read if found is not None]


def _unseen(tests: Sequence[PoolInput], examples: Sequence[PoolInput]) -> tuple[PoolInput, ...]:
    seen = {input_key(item.call) for item in examples}
    return tuple(item for item in tests if input_key(item.call) not in seen)


def problems_read(text: str, *, label: str, models: Collection[str]) -> tuple[str, list[Problem]]:
    """
    Return the label that is scored by (base where no sample has the wanted one) and the problems of a file.

    Problems that lack a named model say so.

    :raises RecordInvalid: a line is not JSON or not a problem, two are about the same problem, or there is none.
    """
    try:
        rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise RecordInvalid(f"The file is not JSON Lines: {error}.") from error
    if not rows:
        raise RecordInvalid("The file holds no recorded problem.")
    problems = [problem_read(row, label=label) for row in rows]
    _require_different(problems)
    if label != BASE and not any(sample.is_right is not None for one in problems for sample in one.samples):
        label = BASE
        problems = [problem_read(row, label=label) for row in rows]
    return label, [_of(problem, models) for problem in problems] if models else problems


def _require_different(problems: Sequence[Problem]) -> None:
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise RecordInvalid(f"{problem.id} stands in the file twice.")
        seen.add(problem.id)


def _of(problem: Problem, models: Collection[str]) -> Problem:
    """Return the problem with the samples of *models* only; it is not scored where one of them has none."""
    samples = tuple(sample for sample in problem.samples if sample.model in models)
    own = problem.excluded if problem.excluded not in {NO_SAMPLE, NO_LABEL} else ""
    missing = sorted(set(models) - problem.models)
    lacks = f"no sample of {', '.join(missing)}" if missing else _unscored(samples)
    return replace(problem, samples=samples, excluded=own or lacks)
