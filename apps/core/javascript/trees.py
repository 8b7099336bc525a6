"""Syntax trees of JavaScript and TypeScript, by tree-sitter, which never runs anything and never fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

MAX_DEPTH = 400


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """The first place that is no JavaScript: its line from 1 on, and what is wrong, as the end of a sentence."""

    line: int
    message: str


@lru_cache(maxsize=2)
def _parser(is_typed: bool) -> Parser:
    grammar = tree_sitter_typescript.language_typescript() if is_typed else tree_sitter_javascript.language()
    return Parser(Language(grammar))


def parse(source: str, *, is_typed: bool = False) -> Node:
    """Return the root of the tree; what does not parse is in it as errors."""
    return _parser(is_typed).parse(source.encode("utf-8", "surrogatepass")).root_node


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "surrogatepass")


def walk(node: Node) -> Iterator[Node]:
    """Give a node and everything below it, in the order of the source."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(one.children)


def fault_of(source: str, *, is_typed: bool = False) -> SyntaxFault | None:
    """Return the first fault of *source*, None where it parses."""
    root = parse(source, is_typed=is_typed)
    if _is_deep(root):
        return SyntaxFault(1, "it is nested too deeply")
    if not root.has_error:
        return None
    for node in walk(root):
        if node.is_missing:
            return SyntaxFault(node.start_point[0] + 1, f"{node.type!r} is missing")
        if node.is_error:
            shown = " ".join(text_of(node).split())[:40]
            return SyntaxFault(node.start_point[0] + 1, f"{shown!r} was not expected")
    return SyntaxFault(1, "it is incomplete")


def _is_deep(root: Node) -> bool:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children]
        if not level:
            return False
    return True
