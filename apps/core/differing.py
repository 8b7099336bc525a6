"""Several columns of code that stand side by side, and of each only where it is not like the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from django.utils.html import escape

from apps.core.highlighting import Line

CONTEXT = 3


def only_differing(columns: Sequence[Sequence[Line]], *, context: int = CONTEXT) -> list[list[Line]]:
    """
    Return each column with only the lines that some other column has not, and *context* lines around each.

    A line in place of each gap says how many are left out. One column alone comes back whole.
    """
    if len(columns) < 2:
        return [list(column) for column in columns]
    keys = [[f"{line.kind} {line.html}" for line in column] for column in columns]
    found: list[set[int]] = [set() for _ in columns]
    for one, other in combinations(range(len(columns)), 2):
        # Lines that come again and again align nothing by themselves: empty ones would cost seconds.
        matcher = SequenceMatcher(None, keys[one], keys[other], autojunk=True)
        for tag, start, stop, begin, end in matcher.get_opcodes():
            if tag != "equal":
                found[one] |= _around(start, stop, context)
                found[other] |= _around(begin, end, context)
    return [_kept(column, shown) for column, shown in zip(columns, found, strict=True)]


def _around(start: int, stop: int, context: int) -> set[int]:
    return set(range(start - context, stop + context))


def _kept(column: Sequence[Line], shown: Collection[int]) -> list[Line]:
    kept: list[Line] = []
    out = 0
    for position, line in enumerate(column):
        if position in shown:
            kept += [_left_out(out)] if out else []
            kept.append(line)
            out = 0
        else:
            out += 1
    return [*kept, _left_out(out)] if out else kept


def _left_out(count: int) -> Line:
    words = "1 line is the same" if count == 1 else f"{count} lines are the same"
    return Line(None, "fold", escape(words))
