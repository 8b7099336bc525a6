"""
Programs that are wrong on purpose: one operator or number of a good one changed, and everything else as it was.

The changes are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978) that a
reader can overlook. Which of them is a mistake at all, running tells: see :func:`telling_input`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from apps.generation.engine.outcomes import Outcome, outcomes_agree
from apps.generation.engine.source.syntax import parsed

_COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_COMPUTED = {"+": "-", "-": "+", "//": "/", "/": "//"}
_JOINED = {"and": "or", "or": "and"}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "lstrip": "strip", "rstrip": "strip"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module: the number of the line, what stood there and what stands there now."""

    code: str
    line: int
    before: str
    after: str

    @property
    def words(self) -> str:
        """The change as a sentence."""
        return f"On line {self.line}, {self.before} became {self.after}."


def mutants(code: str, lines: Container[int], seed: str) -> list[Mutant]:
    """
    Return every module that differs from *code* in one place on one of *lines*, in an order drawn from *seed*.

    All of them parse. Code that does not parse has none.
    """
    tree = parsed(code)
    sites = sorted({site for node in ast.walk(tree) for site in _sites(node)}) if tree else []
    rows = code.encode().split(b"\n")
    made = [found for site in sites if site[0] in lines and (found := _changed(rows, *site))]
    Random(seed).shuffle(made)  # noqa: S311  an order to be repeated, not a secret
    return [one for one in made if parsed(one.code) is not None]


def telling_input(good: Sequence[Outcome], bad: Sequence[Outcome], others: Sequence[Sequence[Outcome]]) -> int | None:
    """
    Return the first input on which *bad* is known to be wrong, None where none shows it.

    There *good* and at least one of *others* do the same, and *bad* does something else: what nobody else confirms
    could as well be a mistake of the good one that the change repaired.
    """
    for index, (one, other) in enumerate(zip(good, bad, strict=True)):
        is_different = one.is_comparable and other.is_comparable and not outcomes_agree(one, other)
        if is_different and any(outcomes_agree(one, outcomes[index]) for outcomes in others):
            return index
    return None


def is_drawn(seed: int, percent: int) -> bool:
    """Return whether a request with this seed is among the *percent* of all that are drawn, the same ones each time."""
    return int(hashlib.sha256(f"{seed}:canary".encode()).hexdigest()[:8], 16) % 100 < percent


_Site = tuple[int, int, int, str, str]


def _sites(node: ast.AST) -> Iterator[_Site]:
    """Yield (line, first byte, byte behind the last, what may stand there, what replaces it) for one node."""
    if isinstance(node, ast.Compare):
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            yield from _between(left, right, _COMPARED)
    elif isinstance(node, ast.BinOp):
        yield from _between(node.left, node.right, _COMPUTED)
    elif isinstance(node, ast.BoolOp):
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _between(left, right, _JOINED)
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield (node.lineno, node.col_offset, node.end_col_offset or 0, node.id, _NAMES[node.id])
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.lineno == node.end_lineno:
        for value in (node.value + 1, node.value - 1):
            yield (node.lineno, node.col_offset, node.end_col_offset or 0, str(node.value), str(value))


def _between(left: ast.expr, right: ast.expr, table: dict[str, str]) -> Iterator[_Site]:
    if left.end_lineno == right.lineno and left.end_col_offset is not None:
        for before, after in table.items():
            yield (right.lineno, left.end_col_offset, right.col_offset, before, after)


def _changed(rows: Sequence[bytes], line: int, start: int, end: int, before: str, after: str) -> Mutant | None:
    row = rows[line - 1]
    there = row[start:end].decode(errors="replace")
    if there.strip(" ()") != before:
        return None
    new = row[:start] + there.replace(before, after, 1).encode() + row[end:]
    code = b"\n".join([*rows[: line - 1], new, *rows[line:]]).decode(errors="replace")
    return Mutant(code, line, before, after)
