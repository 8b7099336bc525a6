"""Examples as a session without its prompts shows them: a call on a line, and what comes of it on the next ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.generation.engine.specification.literals import Budget, balanced_end, literal_at, read_literal
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.sessions import call_parts

_CALL_LINE = re.compile(r"(?m)^[ \t]*+([A-Za-z_]\w*)(?=\()")
_LINE_END = re.compile(r"[ \t]*+\n")
_INDENT = re.compile(r"[ \t]*+")
_COMMENT = re.compile(r"[ \t]*+#[ \t]?(.*)\n?")
_MAX_LINES = 20


def listed_examples(text: str, classes: frozenset[str], budget: Budget) -> Iterable[SpecExample]:
    """Yield ``f(2)`` with ``3`` below it, or with ``# [1,`` and ``#  2]`` below it, where nothing else is there."""
    for hit in _CALL_LINE.finditer(text):
        if hit[1] in classes or not budget.spend():
            continue
        end = balanced_end(text, hit.end(), budget)
        newline = _LINE_END.match(text, end) if end is not None else None
        if end is None or newline is None:
            continue
        below = _below(text, newline.end(), budget) or _commented(text, newline.end())
        call = text[hit.start(1) : end]
        parts = call_parts(call)
        if below is not None and parts is not None:
            value, stop = below
            yield SpecExample(call, parts.function, parts.args, parts.kwargs, value, None, Span(hit.start(1), stop))


def _below(text: str, start: int, budget: Budget) -> tuple[object, int] | None:
    """Return the literal that the next line is, alone."""
    indent = _INDENT.match(text, start)
    literal = literal_at(text, indent.end(), budget) if indent is not None else None
    if literal is None or re.compile(r"[ \t]*+(?:\n|\Z)").match(text, literal[1]) is None:
        return None
    return _read(literal[0], literal[1])


def _commented(text: str, start: int) -> tuple[object, int] | None:
    """Return the literal that the next lines are, which are comments."""
    lines: list[str] = []
    position = start
    while len(lines) < _MAX_LINES and (line := _COMMENT.match(text, position)) is not None:
        lines.append(line[1])
        position = line.end()
    return _read("\n".join(lines), position) if len(lines) > 1 else None


def _read(source: str, stop: int) -> tuple[object, int] | None:
    try:
        return read_literal(source), stop
    except ValueError:
        return None
