"""Doctest sessions in a text, with the state that builds up from one prompt to the next."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from apps.generation.engine.specification.literals import read_literal
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.sessions import call_parts, relevant_steps, session_example
from apps.generation.engine.specification.syntax import parsed

_PROMPT = re.compile(r"^([ \t]*+(?:[-*][ \t]+)?)(>>>)[ \t]?(.*)$")
_MORE = re.compile(r"^[ \t]*+\.\.\.(?:[ \t]|$)(.*)$")
_END = re.compile(r"^[ \t]*+(?:```|~~~|\"\"\"|'''|$)")
_ERROR = re.compile(r"^\s*(?:[\w.]*\.)?([A-Z]\w*)(?::|\s*$)")
_INLINE = re.compile(r"^(.*?\))[ \t]*+(?:#[ \t]*+)?(?:->|=>|➞|→|==>|#)[ \t]*+(.+)$")
_APART = re.compile(r"^(.*\))[ \t]+(\S.*)$")
MAX_PROMPTS = 150
_MAX_OUTPUT_LINES = 30


@dataclass(frozen=True, slots=True)
class Prompt:
    """One ``>>>`` statement with what was printed after it (None when nothing was)."""

    source: str
    output: str | None
    span: Span


def doctest_spans(text: str) -> tuple[Span, ...]:
    """Return where the prompts of *text* and their outputs are."""
    return tuple(prompt.span for prompt in prompts_in(text))


def prompts_in(text: str) -> list[Prompt]:
    """Return every ``>>>`` prompt with its continuation lines and its output."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: list[Prompt] = []
    index = 0
    while index < len(lines):
        hit = _PROMPT.match(lines[index].rstrip("\n"))
        if hit is None:
            index += 1
            continue
        first, source = index, [hit.group(3)]
        index += 1
        while index < len(lines) and (more := _MORE.match(lines[index].rstrip("\n"))) and not _is_output(source):
            source.append(lines[index].strip()[4:] if more else "")
            index += 1
        index, output = _output(lines, index, len(hit.group(1)))
        found.append(Prompt("\n".join(source).strip(), output, Span(starts[first], starts[index])))
    return found


def _is_output(source: list[str]) -> bool:
    """A ``...`` line continues only what is not complete yet, or a block."""
    joined = "\n".join(source)
    try:
        parsed(joined)
    except ValueError:
        return False
    return not source[0].rstrip().endswith(":") and len(source) == 1


def _output(lines: list[str], index: int, indent: int) -> tuple[int, str | None]:
    first = index
    while index < len(lines) and index - first < _MAX_OUTPUT_LINES:
        line = lines[index].rstrip("\n")
        if _END.match(line) or _PROMPT.match(line):
            break
        index += 1
    block = [line.rstrip("\n") for line in lines[first:index]]
    if not block:
        return first, None
    if block[0].lstrip().startswith("Traceback"):
        return index, "\n".join(block)
    for count in range(1, len(block) + 1):
        candidate = "\n".join(line.strip() for line in block[:count])
        if _is_literal(candidate):
            return first + count, candidate
    return first + 1, block[0].strip()


def _is_literal(source: str) -> bool:
    try:
        read_literal(source)
    except ValueError:
        return False
    return True


def doctest_examples(text: str, classes: frozenset[str]) -> Iterable[SpecExample]:
    """
    Return the judged prompts of *text*; statements before them that matter become their steps.

    Only the first :data:`MAX_PROMPTS` are read, so that a session without end costs little.
    """
    history: list[str] = []
    for prompt in prompts_in(text)[:MAX_PROMPTS]:
        source, output = prompt.source, prompt.output
        inline = _INLINE.match(source) if output is None or not _parses(source) else None
        if inline is not None and _parses(inline.group(1)) and _is_literal(inline.group(2)):
            source, output = inline.group(1), inline.group(2)
        equality = _equality(source) if output in (None, "True") else None
        if equality is not None:
            source, output = equality
        if output is not None:
            example = _judge(source, output, prompt.span, history, classes)
            if example is not None:
                yield example
        elif (parts := call_parts(source)) is not None and parts.function not in classes:
            yield SpecExample(source, parts.function, parts.args, parts.kwargs, None, None, prompt.span)
        if _parses(source) and call_parts(source) is None:
            history.append(_survivable(source, output))


def _equality(source: str) -> tuple[str, str] | None:
    """``>>> f(2) == 3`` is meant as a claim; so is ``>>> f(2) 3``, which is no Python or a strange subscript."""
    try:
        tree = parsed(source, mode="eval").body
    except ValueError:
        tree = None
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and isinstance(tree.ops[0], ast.Eq):
        expected = ast.unparse(tree.comparators[0])
        return (ast.unparse(tree.left), expected) if _is_literal(expected) else None
    apart = _APART.match(source)
    is_claim = apart is not None and call_parts(apart.group(1)) is not None and _is_literal(apart.group(2))
    return (apart.group(1), apart.group(2)) if apart is not None and is_claim else None


def _survivable(source: str, output: str | None) -> str:
    """A statement that is shown to raise goes on being a step of what follows, so its exception is caught there."""
    raises = _expectation(output)[1] if output is not None else None
    if raises is None:
        return source
    body = source.replace("\n", "\n    ")
    return f"try:\n    {body}\nexcept {raises}:\n    pass"


def _parses(source: str) -> bool:
    try:
        parsed(source)
    except ValueError:
        return False
    return True


def _judge(source: str, output: str, span: Span, history: list[str], classes: frozenset[str]) -> SpecExample | None:
    expected, raises, wrapper = _expectation(output)
    printed = _printed(source)
    if printed is not None and raises is None:
        source, wrapper, expected = printed, "str", output
    steps = relevant_steps(history, source)
    parts = call_parts(source)
    if parts is not None and not steps and not wrapper and parts.function not in classes:
        return SpecExample(source, parts.function, parts.args, parts.kwargs, expected, raises, span)
    expression = f"{wrapper}({source})" if wrapper else source
    return session_example(expression, expected, raises, span, steps)


def _expectation(output: str) -> tuple[object, str | None, str]:
    """Return (expected value, exception type, wrapper): what cannot be a literal is compared by its ``repr``."""
    if output.lstrip().startswith("Traceback"):
        error = next(
            (hit.group(1) for line in reversed(output.splitlines()) if (hit := _ERROR.match(line))), "Exception"
        )
        return None, error, ""
    try:
        return read_literal(output), None, ""
    except ValueError:
        pass
    alone = re.match(r"^(?:raises?\s+)?([A-Z]\w*(?:Error|Exception))\b", output)
    if alone is not None:
        return None, alone.group(1), ""
    return output, None, "repr"


def _printed(source: str) -> str | None:
    try:
        tree = parsed(source, mode="eval").body
    except ValueError:
        return None
    is_print = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "print"
    if is_print and isinstance(tree, ast.Call) and len(tree.args) == 1 and not tree.keywords:
        return ast.unparse(tree.args[0])
    return None
