"""Examples in Markdown tables whose rows call methods, in order, on one object: ``stack.push(1)``, ``stack.pop()``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from apps.generation.engine.specification.literals import Budget, balanced_end, read_literal
from apps.generation.engine.specification.model import SpecExample
from apps.generation.engine.specification.sessions import names_in, relevant_steps, session_example
from apps.generation.engine.specification.statements import is_expression, is_step, statements_in, survivable
from apps.generation.engine.specification.tables import CALL_COLUMNS, RESULT_COLUMNS, Row, error_of, table_rows

MAX_TABLES = 50
MAX_STEPS = 60  # of one table: what a row rests on is looked for in all statements above it
MAX_CELL = 600
_CALL_COLUMNS = CALL_COLUMNS | {"action", "method", "method call", "operation", "statement", "step"}
_RESULT_COLUMNS = RESULT_COLUMNS | {"outcome", "raises", "then", "value"}
_SETUP_COLUMNS = frozenset({"after", "before", "given", "setup", "set-up", "starting from"})
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "nothing"})
_MADE = r"(?<![\w.=])(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*(?:{classes})(?=\()"
_END = re.compile(r"[ \t`]*(?:[.:,;)]|\n|\Z|and\b|is\b|be\b)")
_VARIABLE = re.compile(r"([A-Za-z_]\w*)\s*\.")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Places of the columns; ``setup`` is None where all rows are about one object."""

    width: int
    call: int
    result: int
    setup: int | None


@dataclass
class _Table:
    """A table of calls: its columns, and the statements so far; ``is_readable`` ends with the first row that is not."""

    columns: _Columns
    steps: list[str] = field(default_factory=list)
    is_readable: bool = True
    rows: int = 0


def method_table_examples(
    text: str, classes: Sequence[str], plain: Collection[str], budget: Budget
) -> Iterator[SpecExample]:
    """
    Yield what rows of tables claim about objects of *classes*.

    The rows of a table follow each other on one object: it is made in a row, or in the text above, or, where only its
    name stands in the table (``stack`` of a ``Stack``), without arguments. With a column for what is given, each row
    stands alone. Behind a row that cannot be read nothing of its table counts, since it may have changed the object.

    :param plain: those of *classes* that may be made without arguments.
    """
    if not classes:
        return
    made = re.compile(_MADE.format(classes="|".join(map(re.escape, sorted(classes)))))
    hits = list(made.finditer(text))
    table: _Table | None = None
    tables = top = 0
    for row in table_rows(text):
        if row.is_first:
            columns = _columns([cell.lower() for cell in row.cells])
            table, top = (_Table(columns) if columns and tables < MAX_TABLES else None), row.span.start
            tables += table is not None
        elif table is not None and table.is_readable and not row.is_rule and budget.spend():
            if not table.rows and len(row.cells) == table.columns.width:
                above = [hit for hit in hits if hit.end() < top]
                table.steps += _made_before(text, top, row.cells[table.columns.call], above, budget)
            table.rows += 1
            yield from _judged(table, row, classes, plain)


def _columns(names: Sequence[str]) -> _Columns | None:
    def place(known: Collection[str]) -> int | None:
        return next((index for index, name in enumerate(names) if name in known), None)

    call, result = place(_CALL_COLUMNS), place(_RESULT_COLUMNS)
    if call is None or result is None:
        return None
    return _Columns(len(names), call, result, place(_SETUP_COLUMNS))


def _made_before(text: str, top: int, cell: str, above: Sequence[re.Match[str]], budget: Budget) -> list[str]:
    """Return the last statement above the table that makes the object of its first row, and that nothing follows."""
    variable = _VARIABLE.match(cell)
    made = [hit for hit in above if variable and hit["name"] == variable[1]]
    if not variable or not made:
        return []
    end = balanced_end(text, made[-1].end(), budget)
    if end is None or not _END.match(text, end) or re.search(rf"\b{re.escape(variable[1])}\b", text[end:top]):
        return []
    statement = text[made[-1].start() : end]
    return [statement] if is_step(statement) else []


def _judged(table: _Table, row: Row, classes: Sequence[str], plain: Collection[str]) -> Iterator[SpecExample]:
    columns = table.columns
    is_whole = len(row.cells) == columns.width and max(map(len, row.cells)) <= MAX_CELL
    setup = _statements(row.cells[columns.setup]) if is_whole and columns.setup is not None else []
    *before, last = (_statements(row.cells[columns.call]) if is_whole else []) or [""]
    is_sound = all(map(is_step, [*setup, *before])) and (is_step(last) or is_expression(last))
    table.is_readable = is_sound and len(table.steps) + len(before) < MAX_STEPS
    if not table.is_readable:
        return
    if columns.setup is not None:
        table.steps = setup
    table.steps += [*_implied(last, table.steps, before, classes, plain), *before]
    expected, raises, is_claim = _outcome(row.cells[columns.result])
    if not is_expression(last) or not is_claim:
        table.steps.append(last)
        return
    is_own = bool(names_in(last) & frozenset().union(*map(names_in, table.steps)) - set(classes))
    steps = relevant_steps(table.steps, last) if is_own else ()
    example = session_example(last, expected, raises, row.span, steps)
    if example is not None and example.function in classes:
        yield example
    if is_own:
        table.steps.append(survivable(last, raises))


def _statements(cell: str) -> list[str]:
    return [
        source for piece in statements_in(cell, 0, len(cell)) if (source := cell[piece.start : piece.end].strip("` "))
    ]


def _implied(
    last: str, steps: Sequence[str], before: Sequence[str], classes: Sequence[str], plain: Collection[str]
) -> list[str]:
    """Return how the object of *last* is made where only its name says of which class it is."""
    variable = _VARIABLE.match(last)
    if variable is None or any(variable[1] in names_in(step) for step in (*steps, *before)):
        return []
    owners = [name for name in classes if name in plain and variable[1] in _variables_of(name)]
    return [f"{variable[1]} = {owners[0]}()"] if len(owners) == 1 else []


def _variables_of(name: str) -> set[str]:
    """Return what people call an object of a class: ``ring_buffer``, ``ringbuffer`` or ``buffer`` of ``RingBuffer``."""
    words = [word.lower() for word in _HUMP.split(name)]
    return {"_".join(words), "".join(words), words[-1]}


def _outcome(cell: str) -> tuple[object, str | None, bool]:
    """Return the value, the exception, and whether the cell claims one of them."""
    raises = error_of(cell)
    if raises is not None:
        return None, raises, True
    if cell.lower() in _NOTHING:
        return None, None, False
    try:
        return read_literal(cell), None, True
    except ValueError:
        return None, None, False
