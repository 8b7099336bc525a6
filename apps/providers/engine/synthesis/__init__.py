"""
Programming by example: the smallest readable function that satisfies a few examples.

Nothing that a person or a model wrote is run here: the search composes a fixed set of trusted operations over the
values of the examples, which are only read.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from apps.providers.engine.synthesis.components import is_small, tag_of
from apps.providers.engine.synthesis.search import Expression, Found, Search, written

__all__ = ["ExampleLike", "SynthesisResult", "synthesise"]

ENOUGH_EXAMPLES = 3
_SMALL_NUMBERS = (0, 1, 2, -1)
_SMALL_TEXTS = ("", " ")
_MAX_CONSTANTS = 10


class ExampleLike(Protocol):
    """An example by shape: positional and keyword arguments, and the value or the exception expected."""

    @property
    def args(self) -> tuple[object, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, object]: ...
    @property
    def expected(self) -> object: ...
    @property
    def raises(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class SynthesisResult:
    """
    A program and how much to believe it.

    ``program`` is a function definition; ``size`` counts its operations and leaves; ``evidence`` is a sentence.
    """

    program: str
    size: int
    evidence: str


def synthesise(
    examples: Sequence[ExampleLike],
    *,
    entry: str = "solution",
    parameter_names: Sequence[str],
    max_size: int = 7,
    deadline: Callable[[], bool],
) -> SynthesisResult | None:
    """
    Return the smallest program that satisfies every example, None when none was found in time.

    None also when the examples are none, expect exceptions, or do not fit *parameter_names*. The same examples give
    the same program unless the deadline cuts the search short. *deadline* returns True when time is up; it is asked
    every few hundred programs. Memory is bounded by the number of different behaviours kept.

    :raises ValueError: *entry* or a parameter name is not an identifier.
    """
    for name in (entry, *parameter_names):
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"{name!r} cannot be the name of a function or parameter.")
    rows = [_row(example, parameter_names) for example in examples]
    if not rows or not parameter_names or any(row is None or e.raises for row, e in zip(rows, examples, strict=True)):
        return None
    values = [row for row in rows if row is not None]
    expected = [example.expected for example in examples]
    if not all(is_small(value) for row in (*values, expected) for value in row):
        return None
    leaves = [*_parameters(parameter_names, values), *_constants(values, expected)]
    found = Search(leaves, expected, max_size=max_size, deadline=deadline).run()
    if found is None:
        return None
    evidence = _evidence(found, len({repr(row) for row in values}), parameter_names)
    return SynthesisResult(written(entry, parameter_names, found.expression), found.expression.size, evidence)


def _row(example: ExampleLike, names: Sequence[str]) -> tuple[object, ...] | None:
    """Return the arguments in the order of the parameters, None when they do not fit."""
    rest = names[len(example.args) :]
    if len(example.args) > len(names) or set(rest) != set(example.kwargs):
        return None
    return (*example.args, *(example.kwargs[name] for name in rest))


def _parameters(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> list[Expression]:
    found = []
    for index, name in enumerate(names):
        column = tuple(row[index] for row in rows)
        tags = {tag_of(value) for value in column}
        found.append(Expression(name, column, tags.pop() if len(tags) == 1 else "mixed", 1, frozenset({name})))
    return found


def _constants(rows: Sequence[tuple[object, ...]], expected: Sequence[object]) -> Iterable[Expression]:
    """Small numbers and texts, and the scalars of the expected values that more than one example could share."""
    values: list[object] = [*_SMALL_NUMBERS]
    if any(isinstance(value, (str, list)) for row in (*rows, expected) for value in row):
        values += _SMALL_TEXTS
    scalars = [value for value in expected if isinstance(value, (int, str, float)) and len(repr(value)) <= 12]
    repeated = [value for value in scalars if scalars.count(value) > 1 or len({repr(v) for v in scalars}) <= 2]
    values += repeated
    values += _shared_characters(expected)
    seen: set[str] = set()
    for value in values:
        if repr(value) not in seen and len(seen) < _MAX_CONSTANTS:
            seen.add(repr(value))
            yield Expression(repr(value), (value,) * len(rows), tag_of(value), 1, frozenset())


def _shared_characters(expected: Sequence[object]) -> list[str]:
    """Punctuation that occurs in every expected text is probably written by the program."""
    texts = [value for value in expected if isinstance(value, str)]
    if not texts or len(texts) < len(expected):
        return []
    shared = set(texts[0]).intersection(*texts[1:])
    return sorted(character for character in shared if not character.isalnum())[:3]


def _evidence(found: Found, examples: int, names: Sequence[str]) -> str:
    unused = [name for name in names if name not in found.expression.uses]
    note = f" It does not use {', '.join(unused)}." if unused else ""
    if examples < ENOUGH_EXAMPLES:
        count = "one example" if examples == 1 else f"{examples} examples"
        return f"Weak evidence: only {count} to go by. {_others(found)}{note}"
    return (
        f"The smallest program (size {found.expression.size}) among {found.tried} tried that fits "
        f"all {examples} different examples. {_others(found)}{note}"
    )


def _others(found: Found) -> str:
    """Say how many other programs the examples allow, of those that are no larger."""
    bound = "" if found.is_counted else "At least "
    if not found.smaller + found.alike:
        return f"No other that is as small fits them{'' if found.is_counted else ', of those tried'}."
    parts = [f"{found.smaller} smaller"] if found.smaller else []
    parts += [f"{found.alike} other{'s' * (found.alike != 1)} of the same size"] if found.alike else []
    verb = "fits" if found.smaller + found.alike == 1 else "fit"
    sentence = f"{bound}{' and '.join(parts)} {verb} them too, and larger ones without number."
    return sentence[0].upper() + sentence[1:]
