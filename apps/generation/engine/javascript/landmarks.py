"""Constants of programs in JavaScript: where behaviours part, they tend to be near."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from apps.core.javascript import NotALiteral, parse
from apps.core.javascript.values import value_of
from apps.generation.engine.landmarks import LARGEST, LONGEST, MAX_LANDMARKS

if TYPE_CHECKING:
    from tree_sitter import Node

_SAID = frozenset({"throw_statement", "comment", "import_statement", "export_specifier"})


def javascript_landmarks(sources: Iterable[str]) -> tuple[object, ...]:
    """Return the numbers and texts that programs mention, those of the most programs first; see ``landmarks.py``."""
    counts: Counter[tuple[str, object]] = Counter()
    for source in sorted(set(sources)):
        counts.update({(type(value).__name__, value) for value in _mentioned(parse(source))})
    ranked = sorted(counts, key=lambda one: (-counts[one], len(repr(one)), repr(one)))
    return tuple(value for _, value in ranked[:MAX_LANDMARKS])


def _mentioned(root: Node) -> Iterator[object]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in ("number", "string"):
            try:
                value = value_of(node)
            except NotALiteral:
                continue
            is_short = isinstance(value, str) and 0 < len(value) <= LONGEST
            if is_short or (isinstance(value, (int, float)) and abs(value) <= LARGEST):
                yield value
        elif node.type not in _SAID:
            waiting += node.children
