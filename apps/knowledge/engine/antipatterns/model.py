"""What an anti-pattern is, and the text that its rule looks at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Severity = Literal["low", "medium", "high"]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Module:
    """A parsed text, with the names under which it knows others'."""

    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def _imported(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    found[alias.asname or name] = name
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def _own(self) -> frozenset[str]:
        stored = {one.id for one in self.nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        stored |= {one.arg for one in self.nodes if isinstance(one, ast.arg)}
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return frozenset(stored | {one.name for one in self.nodes if isinstance(one, defined)})

    def name_of(self, node: ast.AST) -> str:
        """
        Return the full name of what *node* names: ``datetime.datetime.now`` however it was imported, ``eval`` alone.

        Empty when it is not imported, when the text gives the name another meaning, or when it is no name.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._own:
            return ""
        if node.id in self._imported:
            return ".".join([self._imported[node.id], *reversed(parts)])
        return "" if parts else node.id

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Yield every call with the full name of what is called, empty where it is unknown."""
        return ((node, self.name_of(node.func)) for node in self.nodes if isinstance(node, ast.Call))


Rule = Callable[[Module], Iterable[ast.AST]]


@dataclass(frozen=True, slots=True)
class AntiPattern:
    """
    Something that should not be written, with a rule that finds it.

    ``trips`` is code in which ``rule`` finds it once, ``instead`` code that does the same and in which it does not.
    """

    slug: str
    name: str
    harm: str
    looks_for: str
    fix: str
    severity: Severity
    trips: str
    instead: str
    rule: Rule


def keyword_of(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of a keyword argument, None when it is not given by name."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def is_open_ended(call: ast.Call) -> bool:
    """Say whether a call has arguments that its text does not show (``*args``, ``**options``)."""
    return any(one.arg is None for one in call.keywords) or any(isinstance(one, ast.Starred) for one in call.args)


def is_constant(node: ast.AST | None, value: object) -> bool:
    """Say whether *node* is exactly this constant."""
    return isinstance(node, ast.Constant) and node.value is value


def statements_below(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes below *body* that run with it, so not those of functions that it defines."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
