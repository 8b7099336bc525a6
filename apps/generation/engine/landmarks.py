"""Constants that candidates mention: behaviour changes at them, so inputs are made of them and of their neighbours."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from apps.generation.engine.source.syntax import parsed

MAX_LANDMARKS = 40
LARGEST = 10**6
LONGEST = 20


def landmarks_of(sources: Iterable[str]) -> tuple[object, ...]:
    """
    Return the numbers and texts that programs mention, those of the most programs first.

    What is only said (docstrings, messages of exceptions) is left out, and what is too large to be an input. Neither
    the order of *sources* nor copies among them matter; what does not parse mentions nothing.
    """
    counts: Counter[tuple[str, object]] = Counter()
    for source in sorted(set(sources)):
        tree = parsed(source)
        if tree is not None:
            counts.update({(type(value).__name__, value) for value in _mentioned(tree)})
    ranked = sorted(counts, key=lambda one: (-counts[one], len(repr(one)), repr(one)))
    return tuple(value for _, value in ranked[:MAX_LANDMARKS])


def _mentioned(tree: ast.AST) -> Iterator[object]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and _is_landmark(node.value):
            yield node.value
        if not isinstance(node, ast.Raise | ast.JoinedStr) and not _is_said(node):
            waiting += ast.iter_child_nodes(node)


def _is_said(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_landmark(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
