"""Examples as people jot them down: ``f(abc) => True`` without quotes, ``arr = [2, 1]`` … ``return [1, 2]``."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence

from apps.generation.engine.specification.literals import Budget, literal_at, read_literal
from apps.generation.engine.specification.model import FunctionSignature, Parameter, Span, SpecExample

_ARROW = re.compile(
    r"[ \t`]*+(?:#[ \t]*+)?"
    r"(?P<sign>==?>?|--?>|➞|→|⇒|(?:(?:should|must|will)[ \t]+)?(?:returns?|gives?|yields?|be)\b|is\b)[ \t`]*+"
)
_WORDS = re.compile(r"[^\W\d_][\w'-]*(?:[ ][^\W\d_][\w'-]*)*")
_TO_THE_END = re.compile(r"[ \t]*+(?:[.,;`][ \t]*+)?(?:\n|\Z)")
_BINDING = re.compile(r"[ \t]*+(?:[-*][ \t]++)?`?([A-Za-z_]\w*+)`?[ \t]*+(?:[=:][ \t]*+|(?=\[))(?=[\[({'\"\d+-])")
_RESULT = re.compile(
    r"[ \t]*+(?:(?:=>|==>|->|➞|→)[ \t]*+)?(?:returns?|result|output|expected|answer)"
    r"[ \t]*+(?:[=:][ \t]*+)?(?=[\[({'\"\dTFN+-])",
    re.I,
)
_WORKING_LINES = 5
_LONGEST = 200


def worked_examples(text: str, function: FunctionSignature, budget: Budget) -> Iterable[SpecExample]:
    """Yield the examples of *function* whose strings have no quotes, or that bind its parameters line by line."""
    parameters = [p for p in function.parameters if p.kind == "positional"]
    if parameters:
        unquoted = list(_unquoted(text, function, parameters, budget))
        # One alone may as well name a variable.
        yield from unquoted if len(unquoted) > 1 else []
        yield from _bound_by_lines(text, function, parameters, budget)


def _unquoted(
    text: str, function: FunctionSignature, parameters: Sequence[Parameter], budget: Budget
) -> Iterable[SpecExample]:
    named = re.compile(rf"(?<![\w.])(?<!def ){re.escape(function.name)}\(([^()\n]{{1,{_LONGEST}}})\)")
    for hit in named.finditer(text):
        arrow = _ARROW.match(text, hit.end())
        if arrow is None or not budget.spend():
            continue
        values = _arguments(hit.group(1), parameters)
        outcome = _outcome(text, arrow.end(), arrow["sign"], function, budget) if values is not None else None
        if values is not None and outcome is not None:
            yield _example(function, values, outcome[0], Span(hit.start(), outcome[1]))


def _arguments(written: str, parameters: Sequence[Parameter]) -> tuple[object, ...] | None:
    """Return the arguments, bare words as strings; None when there are no such words, or they may be variables."""
    pieces = [piece.strip() for piece in written.split(",")]
    required = sum(1 for p in parameters if p.default is None)
    if not required <= len(pieces) <= len(parameters):
        return None
    taken = {p.name for p in parameters}
    values: list[object] = []
    is_bare = False
    for piece, parameter in zip(pieces, parameters, strict=False):
        try:
            values.append(read_literal(piece))
            continue
        except ValueError:
            pass
        words = set(re.split(r"[ '-]", piece))
        is_string = _WORDS.fullmatch(piece) is not None and not words & taken and not any(map(keyword.iskeyword, words))
        if not is_string or parameter.annotation not in ("", "str"):
            return None
        is_bare = True
        values.append(piece)
    return tuple(values) if is_bare else None


def _outcome(
    text: str, position: int, sign: str, function: FunctionSignature, budget: Budget
) -> tuple[object, int] | None:
    literal = literal_at(text, position, budget)
    if literal is not None and not re.match(r"\w", text[literal[1] : literal[1] + 1]):
        try:
            return read_literal(literal[0]), literal[1]
        except ValueError:
            return None
    words = _WORDS.match(text, position)
    may_be_string = function.returns in ("", "str") and not sign[0].isalpha()
    if words is None or not may_be_string or not _TO_THE_END.match(text, words.end()):
        return None
    return words.group(), words.end()


def _bound_by_lines(
    text: str, function: FunctionSignature, parameters: Sequence[Parameter], budget: Budget
) -> Iterable[SpecExample]:
    """``arr = [2, 1]``, some lines of working, then ``return [1, 2]``; an empty line ends it."""
    names = [p.name for p in parameters]
    required = sum(1 for p in parameters if p.default is None)
    bound: dict[str, object] = {}
    start = since = position = 0
    for line in text.splitlines(keepends=True):
        here, position = position, position + len(line)
        binding = _BINDING.match(line)
        value = _last_literal(text, here + binding.end(), budget) if binding and budget.spend() else None
        result = _RESULT.match(line)
        if not line.strip() or since > _WORKING_LINES:
            bound, since = {}, 0
        elif result is not None and required <= len(bound) <= len(names) and bound.keys() & set(names):
            outcome, values = _last_literal(text, here + result.end(), budget), _in_order(bound, names, required)
            if outcome is not None and values is not None:
                yield _example(function, values, outcome[0], Span(start, outcome[1]))
                bound, since = {}, 0
        elif binding is not None and value is not None:
            start, bound, since = (start if bound else here), {**bound, binding.group(1): value[0]}, 0
        else:
            since += 1


def _last_literal(text: str, position: int, budget: Budget) -> tuple[object, int] | None:
    """Return the literal that the rest of the line is, and where it ends."""
    literal = literal_at(text, position, budget)
    if literal is None or not _TO_THE_END.match(text, literal[1]):
        return None
    try:
        return read_literal(literal[0]), literal[1]
    except ValueError:
        return None


def _in_order(bound: dict[str, object], names: Sequence[str], required: int) -> tuple[object, ...] | None:
    """Return the values in the order of the parameters; where a name is a slip of the author, in that of the lines."""
    order = [name for name in names if name in bound]
    if len(order) == len(bound):
        return tuple(bound[name] for name in order) if order == list(names[: len(order)]) else None
    return tuple(bound.values()) if len(bound) == required else None


def _example(function: FunctionSignature, values: tuple[object, ...], expected: object, span: Span) -> SpecExample:
    call = f"{function.name}({', '.join(map(repr, values))})"
    return SpecExample(call, function.name, values, {}, expected, None, span)
