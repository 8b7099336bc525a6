"""Examples in Markdown tables: a column for each parameter, or one for the call, and one for the result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.generation.engine.specification.literals import read_literal
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample
from apps.generation.engine.specification.prose_examples import Bindings, bound_example
from apps.generation.engine.specification.sessions import call_parts

# With pipes around it or, as Markdown allows, only between its cells.
_ROW = re.compile(r"(?m)^[ \t]*+(?:\|(.+)\|[ \t]*+|([^|\n]+(?:\|[^|\n]+)+))$")
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?-+:?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_ERROR = re.compile(r"(?:raises\s+)?`?([A-Z]\w*(?:Error|Exception))`?")
RESULT_COLUMNS = frozenset(
    {"expected", "result", "output", "returns", "return", "return value", "expected output", "expected result", "gives"}
)
CALL_COLUMNS = frozenset({"call", "example", "expression", "input", "code"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``is_rule`` is the line of dashes below the heads of the columns, which are its first row."""

    cells: tuple[str, ...]
    span: Span
    is_first: bool

    @property
    def is_rule(self) -> bool:
        """Whether it only separates the heads from what is below."""
        return all(map(_RULE.fullmatch, self.cells))


def table_rows(text: str) -> Iterator[Row]:
    """Yield the rows of the Markdown tables of *text*; a line that is none ends a table."""
    previous_end = -2
    for row in _ROW.finditer(text):
        cells = tuple(_cell(cell) for cell in _BETWEEN_CELLS.split(row[1] or row[2]))
        yield Row(cells, Span(row.start(), row.end()), is_first=row.start() > previous_end + 1)
        previous_end = row.end()


def error_of(cell: str) -> str | None:
    """Return the name of the exception that a cell of an outcome names, None when it names none."""
    error = _ERROR.fullmatch(cell)
    return error.group(1) if error else None


@dataclass(frozen=True, slots=True)
class _Header:
    """``arguments`` are the columns (position, parameter or "") that are arguments; ``result`` is the outcome's."""

    width: int
    arguments: tuple[tuple[int, str], ...]
    result: int
    may_call: bool


def table_examples(text: str, function: FunctionSignature) -> Iterable[SpecExample]:
    """Yield an example of *function* for each row that gives its arguments and its outcome."""
    header: _Header | None = None
    for row in table_rows(text):
        if row.is_first:
            header = _header([cell.lower() for cell in row.cells], function)
        elif header is not None and len(row.cells) == header.width and not row.is_rule:
            example = _row(function, header, row.cells, row.span)
            yield from [example] if example is not None else []


def _cell(raw: str) -> str:
    return raw.replace("\\|", "|").strip().strip("`").strip()


def _header(columns: Sequence[str], function: FunctionSignature) -> _Header | None:
    """Return what the columns are; None when no column can be told to be the result."""
    names = {p.name.lower(): p.name for p in function.parameters}
    known = [index for index, column in enumerate(columns) if column in names]
    result = next((index for index, column in enumerate(columns) if column in RESULT_COLUMNS), None)
    if result is None and columns[-1] == function.name.lower():
        result = len(columns) - 1
    if result is None:
        return None
    arguments = known or [index for index in range(len(columns)) if index < result]
    return _Header(
        len(columns),
        tuple((index, names.get(columns[index], "")) for index in arguments),
        result,
        columns[0] in CALL_COLUMNS,
    )


def _row(function: FunctionSignature, header: _Header, cells: Sequence[str], span: Span) -> SpecExample | None:
    raises = error_of(cells[header.result])
    try:
        expected = None if raises else _value(cells[header.result], function.returns)
        call = call_parts(cells[0]) if header.may_call else None
        if call is not None and call.function == function.name:
            return SpecExample(cells[0], function.name, call.args, call.kwargs, expected, raises, span)
        annotations = {p.name: p.annotation for p in function.parameters}
        positional = [p.annotation for p in function.parameters]
        values = tuple(
            _value(cells[column], annotations[name] if name else (*positional, *[""] * len(cells))[place])
            for place, (column, name) in enumerate(header.arguments)
        )
    except ValueError:
        return None
    found = Bindings(tuple(name for _, name in header.arguments), values, span.end)
    return bound_example(function, found, expected, raises, span)


def _value(cell: str, annotation: str) -> object:
    """
    Return what a cell means: a literal, a number in groups of digits, or, where text is expected, the words themselves.

    :raises ValueError: it means neither.
    """
    try:
        return read_literal(cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell)
    except ValueError:
        if annotation == "str" and re.fullmatch(r"[^\W_][^()\[\]{}'\"`=<>]{0,200}", cell):
            return cell
        raise
