"""Constraints and figures of quality that come as data, written as the sentences that this package reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE_LINE = re.compile(r"(?m)^[ \t]*+(```|~~~)")


@dataclass(frozen=True, slots=True)
class Demands:
    """
    What somebody demands beside the text of a specification.

    ``forbidden`` and ``required`` are names of packages; the other constraints are one sentence each. ``coverage`` and
    ``mutation_score`` are percent and at least, ``complexity`` is cyclomatic and at most.
    """

    forbidden: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    performance: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    compatibility: tuple[str, ...] = ()
    coverage: float | None = None
    mutation_score: float | None = None
    complexity: int | None = None
    strict_types: bool = False


def with_demands(text: str, demands: Demands) -> str:
    """
    Return *text* with the demands under headings of their own, the text itself unchanged in front of them.

    Reading it gives each demand as a constraint of its kind or a figure of quality, so whatever is done with those of
    the text is done with them. An open fence at the end of *text* is closed first.
    """
    sections = [("Constraints", _constraints(demands)), ("Quality", _quality(demands))]
    written = [f"## {heading}\n\n" + "\n\n".join(lines) for heading, lines in sections if lines]
    return "\n\n".join([_closed(text), *written]) if written else text


def _constraints(demands: Demands) -> list[str]:
    return [
        *(f"Do not use the `{name}` package." for name in demands.forbidden),
        *(f"Use the `{name}` package." for name in demands.required),
        *(f"Performance: {one}" for one in demands.performance),
        *(f"Security: {one}" for one in demands.security),
        *(f"Compatibility: {one}" for one in demands.compatibility),
    ]


def _quality(demands: Demands) -> list[str]:
    figures = (
        ("Coverage at least {:g} %.", demands.coverage),
        ("Mutation score at least {:g} %.", demands.mutation_score),
        ("Cyclomatic complexity at most {:g}.", demands.complexity),
    )
    lines = [words.format(figure) for words, figure in figures if figure is not None]
    return [*lines, "Strictly typed."] if demands.strict_types else lines


def _closed(text: str) -> str:
    open_mark = ""
    for hit in _FENCE_LINE.finditer(text):
        open_mark = "" if open_mark == hit.group(1) else open_mark or hit.group(1)
    return f"{text.rstrip()}\n{open_mark}" if open_mark else text.rstrip()
