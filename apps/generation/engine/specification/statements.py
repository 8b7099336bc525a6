"""
Sessions that a text writes as statements: ``x = Stack(); x.push(1); x.pop() -> 1``, on one line, on several, or as code
within a sentence.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from apps.generation.engine.specification.literals import Budget
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.sessions import names_in, relevant_steps, session_example
from apps.generation.engine.specification.syntax import parsed

MAX_SESSIONS = 50
MAX_LINES = 60
_LONGEST_LINE = 600
_BEGIN = r"(?<![\w.=])[A-Za-z_]\w*[ \t]*=[ \t]*({names})(?=\()"
# Where the expression may end and its outcome begin; which of them it is, only reading both sides tells.
_SPLIT = re.compile(
    r"""[ \t]*(?:->|=>|→|➞|⇒|==|\#|
        \b(?:is|are|returns?|gives?|yields?|equals?|should|must|will|raises?|throws?|be(?:comes)?)\b)""",
    re.VERBOSE,
)
_CODE = re.compile(r"`([^`\n]+)`")
_BULLET = re.compile(r"[ \t]*(?:[-*][ \t]+|\d+[.)][ \t]+)?`?")
_STEPS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Import, ast.ImportFrom)
_QUOTES = "'\""

Outcome = tuple[object, str | None, int]
OutcomeAt = Callable[[str, int, Budget], Outcome | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """A statement from ``start`` to ``end``; ``is_quoted`` says that a backtick ends it, and its outcome may follow."""

    start: int
    end: int
    is_quoted: bool = False


@dataclass
class _Session:
    """The statements so far, and the names that they bind."""

    steps: list[str] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(names_in(step) for step in self.steps))


def statement_examples(
    text: str, subjects: Collection[str], outcome_at: OutcomeAt, budget: Budget
) -> Iterator[SpecExample]:
    """
    Return what is judged in sessions that begin with ``name = Subject(…)``; each claim has the steps it rests on.

    :param subjects: the classes and functions that a session may begin with.
    :param outcome_at: reads the outcome that stands behind an expression, see :func:`outcome_at` of the examples.
    """
    if not subjects:
        return
    begin = re.compile(_BEGIN.format(names="|".join(map(re.escape, sorted(subjects)))))
    position = 0
    for _ in range(MAX_SESSIONS):
        hit = begin.search(text, position)
        if hit is None or not budget.spend():
            return
        position = hit.end()
        session = _Session()
        for piece in _pieces(text, hit.start()):
            position = max(position, piece.end)
            found = _judged(text, piece, session, outcome_at, budget)
            if isinstance(found, SpecExample):
                yield found
            elif not found:
                break


def _judged(text: str, piece: Piece, session: _Session, outcome_at: OutcomeAt, budget: Budget) -> SpecExample | bool:
    """Return the example of a piece, or whether it goes on: a step is kept, and anything else ends the session."""
    source = text[piece.start : piece.end]
    splits = [hit.start() for hit in _SPLIT.finditer(source)] + [len(source)] * piece.is_quoted
    for split in splits if session.steps else ():
        expression = source[:split].strip().strip("`")
        if not budget.spend():
            return False
        if not is_expression(expression) or not names_in(expression) & session.names:
            continue
        outcome = outcome_at(text, piece.start + len(source[:split].rstrip()), budget)
        if outcome is not None:
            expected, raises, stop = outcome
            steps = relevant_steps(session.steps, expression)
            example = session_example(expression, expected, raises, Span(piece.start, stop), steps) if steps else None
            session.steps.append(survivable(expression, raises))
            return example or True
    step = source.strip().strip("`").strip()
    if not is_step(step):
        return False
    session.steps.append(step)
    return True


def survivable(expression: str, raises: str | None) -> str:
    """Return an expression that was judged as a step of what follows; what is shown to raise lets it go on."""
    return f"try:\n    {expression}\nexcept {raises}:\n    pass" if raises else expression


def is_expression(source: str) -> bool:
    """Return whether *source* is one expression."""
    try:
        parsed(source, mode="eval")
    except ValueError:
        return False
    return True


def is_step(source: str) -> bool:
    """Return whether *source* is one statement that a session may rest on: it binds, imports, deletes or calls."""
    try:
        body = parsed(source).body
    except ValueError:
        return False
    return len(body) == 1 and (
        isinstance(body[0], _STEPS) or (isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Call))
    )


def _pieces(text: str, start: int) -> Iterator[Piece]:
    """
    Give the statements from *start* on: of the line, then of the lines below until one is empty.

    In a line of prose only what stands in backticks is code, with what follows it as its outcome.
    """
    for number in range(MAX_LINES):
        newline = text.find("\n", start)
        end = newline if newline >= 0 else len(text)
        line = text[start:end]
        if not line.strip(" \t`") or end - start > _LONGEST_LINE:
            return
        if number:
            bullet = _BULLET.match(line)
            start += bullet.end() if bullet else 0
        yield from _in_line(text, start, end)
        if newline < 0:
            return
        start = newline + 1


def _in_line(text: str, start: int, end: int) -> Iterator[Piece]:
    before = text.rfind("\n", 0, start) + 1
    is_in_code = text.count("`", before, start) % 2 == 1 and "`" in text[start:end]
    if not is_in_code:
        yield from statements_in(text, start, end)
        return
    closing = text.index("`", start)
    codes = [(start, closing), *((hit.start(1), hit.end(1)) for hit in _CODE.finditer(text, closing + 1, end))]
    for first, last in codes:
        yield from (Piece(one.start, one.end, one.end == last) for one in statements_in(text, first, last))


def statements_in(text: str, start: int, end: int) -> Iterator[Piece]:
    """Split at semicolons outside of brackets and quotes."""
    depth, quote, first = 0, "", start
    for at in range(start, end):
        character = text[at]
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in _QUOTES:
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ";" and depth == 0:
            yield from _trimmed(text, first, at)
            first = at + 1
    yield from _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Piece]:
    while start < end and text[start] in " \t":
        start += 1
    if start < end:
        yield Piece(start, end)
