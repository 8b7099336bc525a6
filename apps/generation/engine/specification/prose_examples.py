"""Examples that do not name the function: "for n = 3 the output should be 6", Input/Output blocks, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.generation.engine.specification.literals import Budget, literal_at, read_literal
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample

_INPUT = re.compile(r"(?im)^[ \t]*(?:[-*][ \t]+)?(?:sample[ \t]+)?inputs?[ \t]*(?:\d+[ \t]*)?[:=]\s*")
_OUTPUT = re.compile(r"(?i)\s*(?:[-*][ \t]+)?(?:sample[ \t]+|expected[ \t]+)?outputs?[ \t]*(?:\d+[ \t]*)?[:=][ \t]*")
_GIVEN = re.compile(
    r"\b(?:for|given|with|when(?:[ \t]+(?:given|called[ \t]+with|passed))?|input(?:[ \t]+of)?)[ \t:]+(?=[\w\[({'\"`-])",
    re.I,
)
_BINDING = re.compile(r"`?([A-Za-z_]\w*)`?[ \t]*(?:=|:|\bis\b)[ \t]*(?![=:])")
_BETWEEN = re.compile(r"`?[ \t]*(?:,[ \t]*and\b|,|;|\band\b)?\s*`?(?=[\w\[({'\"`-])")
_OUTCOME = re.compile(
    r"""[`]?[ \t]*[,:]?[ \t]*(?:then[ \t]+)?(?P<filler>[^\n.]{0,80}?)\b
        (?:(?:it|the[ \t]+(?:function|method|output|result|answer|return[ \t]+value))\b[ \t]*
           (?:(?:should|must|will|would|shall)[ \t]+)?(?:be|is|returns?|gives?|yields?|produces?|equals?)?
         | (?:should[ \t]+)?returns?|gives?|yields?)\b
        [ \t]*:?[ \t]*`?""",
    re.VERBOSE | re.IGNORECASE,
)
_RAISES = re.compile(
    r"[`]?[ \t]*,?[ \t]*(?:then[ \t]+)?(?:it|the[ \t]+function)?[ \t]*(?:should|must|shall)?[ \t]*"
    r"(?:raises?|throws?)[ \t]+(?:an?[ \t]+)?`?([A-Z]\w*)"
)
_ROW = re.compile(r"(?m)^[ \t]*\|(.+)\|[ \t]*$")
_RESULT_COLUMNS = frozenset(
    {"expected", "result", "output", "returns", "return", "return value", "expected output", "expected result"}
)
_RESULT_NAMES = frozenset({"output", "outputs", "expected", "result", "returns", "explanation"})
_MAX_BINDINGS = 12


@dataclass(frozen=True, slots=True)
class _Bindings:
    names: tuple[str, ...]
    values: tuple[object, ...]
    end: int


def prose_examples(text: str, function: FunctionSignature, budget: Budget) -> Iterable[SpecExample]:
    """Yield the examples of *function* that give its arguments and its outcome without writing the call."""
    for hit in _INPUT.finditer(text):
        found = _bindings(text, hit.end(), budget)
        outcome = _OUTPUT.match(text, found.end) if found else None
        if found and outcome:
            yield from _judged(text, function, found, Span(hit.start(), outcome.end()), budget)
    for hit in _GIVEN.finditer(text):
        found = _bindings(text, hit.end(), budget)
        if found is None:
            continue
        raises = _RAISES.match(text, found.end)
        if raises is not None:
            example = _example(function, found, None, raises.group(1), Span(hit.start(), raises.end()))
            yield from [example] if example else []
            continue
        outcome = _OUTCOME.match(text, found.end)
        if outcome is not None and (all(found.names) or not outcome.group("filler").strip()):
            yield from _judged(text, function, found, Span(hit.start(), outcome.end()), budget)
    yield from _table_examples(text, function)


def _bindings(text: str, start: int, budget: Budget) -> _Bindings | None:
    """Read ``a = 1, b = [2]`` or plain literals; None when there is neither."""
    names: list[str] = []
    values: list[object] = []
    position = start
    while len(values) < _MAX_BINDINGS and budget.spend():
        binding = _BINDING.match(text, position)
        if binding and binding.group(1).lower() in _RESULT_NAMES:
            break
        place = binding.end() if binding else position + (text[position : position + 1] == "`")
        literal = literal_at(text, place, budget)
        if literal is None:
            break
        try:
            values.append(read_literal(literal[0]))
        except ValueError:
            break
        names.append(binding.group(1) if binding else "")
        end = position = literal[1]
        separator = _BETWEEN.match(text, position)
        if separator is None or not separator.group():
            break
        position = separator.end()
    return _Bindings(tuple(names), tuple(values), end) if values else None


def _judged(
    text: str, function: FunctionSignature, found: _Bindings, place: Span, budget: Budget
) -> Iterable[SpecExample]:
    literal = literal_at(text, place.end, budget)
    if literal is None:
        return
    try:
        expected = read_literal(literal[0])
    except ValueError:
        return
    example = _example(function, found, expected, None, Span(place.start, literal[1]))
    if example is not None:
        yield example


def _example(
    function: FunctionSignature, found: _Bindings, expected: object, raises: str | None, span: Span
) -> SpecExample | None:
    """Put the values in the order of the parameters; None when they are not as many as the function takes."""
    parameters = [p for p in function.parameters if p.kind == "positional"]
    required = sum(1 for p in parameters if p.default is None)
    if not required <= len(found.values) <= len(parameters) or not found.values:
        return None
    values = list(found.values)
    order = [p.name for p in parameters[: len(values)]]
    if set(found.names) == set(order):
        values = [found.values[found.names.index(name)] for name in order]
    call = f"{function.name}({', '.join(repr(value) for value in values)})"
    return SpecExample(call, function.name, tuple(values), {}, expected, raises, span)


def _table_examples(text: str, function: FunctionSignature) -> Iterable[SpecExample]:
    """Read Markdown tables whose columns are the parameters and, last, the result."""
    columns: list[str] = []
    previous_end = -1
    for row in _ROW.finditer(text):
        cells = [cell.strip().strip("`").strip() for cell in row.group(1).split("|")]
        is_new = row.start() > previous_end + 1
        previous_end = row.end()
        if is_new:
            columns = [cell.lower() for cell in cells]
            continue
        if not columns or columns[-1] not in _RESULT_COLUMNS or len(cells) != len(columns):
            continue
        example = _row_example(function, columns, cells, Span(row.start(), row.end()))
        if example is not None:
            yield example


def _row_example(
    function: FunctionSignature, columns: Sequence[str], cells: Sequence[str], span: Span
) -> SpecExample | None:
    error = re.fullmatch(r"(?:raises\s+)?([A-Z]\w*(?:Error|Exception))", cells[-1])
    try:
        values = tuple(read_literal(cell) for cell in cells[:-1])
        expected = None if error else read_literal(cells[-1])
    except ValueError:
        return None
    names = {p.name.lower(): p.name for p in function.parameters}
    found = _Bindings(tuple(names.get(column, column) for column in columns[:-1]), values, span.end)
    return _example(function, found, expected, error.group(1) if error else None, span)
