"""Cyclomatic complexity of functions, counted on the syntax tree (McCabe, 1976)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.core.javascript.trees import parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset(
    {
        "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
        "arrow_function", "method_definition",
    }
)  # fmt: skip
_DECISIONS = frozenset(
    {
        "if_statement", "for_statement", "for_in_statement", "while_statement", "do_statement", "switch_case",
        "catch_clause", "ternary_expression",
    }
)  # fmt: skip
_SHORT_CIRCUITS = frozenset({"&&", "||", "??"})


@dataclass(frozen=True, slots=True)
class FunctionComplexity:
    """A function by name, its lines from 1 on, and its complexity; one without a decision has 1."""

    name: str
    line: int
    end_line: int
    complexity: int


def complexity_of(source: str, *, is_typed: bool = False) -> tuple[FunctionComplexity, ...]:
    """Return the functions of *source* in its order. Decisions of an inner function count for that one only."""
    found: list[FunctionComplexity] = []
    waiting = [parse(source, is_typed=is_typed)]
    while waiting:
        node = waiting.pop()
        if node.type in FUNCTIONS:
            complexity = 1 + _decisions(node)
            found.append(FunctionComplexity(_name(node), node.start_point[0] + 1, node.end_point[0] + 1, complexity))
        waiting += reversed(node.children)
    return tuple(sorted(found, key=lambda one: (one.line, -one.end_line)))


def _decisions(function: Node) -> int:
    count = 0
    waiting = list(function.children)
    while waiting:
        node = waiting.pop()
        if node.type in FUNCTIONS:
            continue
        count += node.type in _DECISIONS
        count += node.type in _SHORT_CIRCUITS and not node.is_named
        waiting += node.children
    return count


def _name(node: Node) -> str:
    own, parent = node.child_by_field_name("name"), node.parent
    if own is None and parent is not None and parent.type in ("variable_declarator", "pair", "field_definition"):
        own = parent.child_by_field_name("name") or parent.child_by_field_name("key")
    return text_of(own) if own is not None else "(anonymous)"
