"""A text in JavaScript as checks look at it: its tree, what its names mean, and where what is called comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from apps.checks.types import Finding, Severity, plain_text
from apps.core.javascript import FUNCTIONS, Scopes, scopes_of, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from apps.core.javascript import Binding

MOST_STEPS = 8
_CONSTANTS = frozenset({"string", "number", "true", "false", "null", "undefined", "regex"})


@dataclass(frozen=True)
class Program:
    """A text that parses; TypeScript comes without its types."""

    source: str

    @cached_property
    def scopes(self) -> Scopes:
        return scopes_of(self.source)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(walk(self.scopes.root))

    def findings(self, rules: Iterable[Callable[[Program], Iterator[Finding]]]) -> list[Finding]:
        """Return what *rules* find, each once, by line."""
        found = {finding for rule in rules for finding in rule(self)}
        return sorted(found, key=lambda one: (one.line, one.column, one.rule))

    def of(self, *kinds: str) -> Iterator[Node]:
        """Give the nodes of some kinds in the order of the source."""
        return (node for node in self.nodes if node.is_named and node.type in kinds)

    def origin(self, node: Node | None, *, steps: int = MOST_STEPS) -> str:
        """
        Return where a callee comes from, dotted: ``child_process.exec``, ``eval``, ``document.write``.

        Modules are followed through imports, ``require`` and constants; "" where a name is the program's own.
        """
        if node is None or steps == 0:
            return ""
        if node.type == "identifier":
            binding = self.scopes.binding(node)
            return text_of(node) if binding is None else self._declared(binding, steps)
        if node.type in ("member_expression", "subscript_expression"):
            owner = self.origin(node.child_by_field_name("object"), steps=steps - 1)
            member = self.member(node)
            return f"{owner}.{member}" if owner and member else ""
        if node.type == "call_expression":
            return self._module(node) or ""
        if node.type in ("await_expression", "parenthesized_expression"):
            return self.origin(next(iter(node.named_children), None), steps=steps - 1)
        return ""

    def member(self, node: Node) -> str:
        """Return the name of a member that is read by ``a.b`` or ``a["b"]``; "" where it is computed."""
        name = node.child_by_field_name("property")
        if name is not None:
            return text_of(name)
        return string_of(node.child_by_field_name("index")) or ""

    def _declared(self, binding: Binding, steps: int) -> str:
        if binding.kind == "import":
            return _imported(binding.node)
        if binding.kind != "const":
            return ""
        if binding.value is not None:
            return self.origin(binding.value, steps=steps - 1)
        return self._taken_out(binding.node, steps)

    def _taken_out(self, name: Node, steps: int) -> str:
        """Return the origin of a name that ``const { exec: run } = require("child_process")`` takes out."""
        pair = name.parent if name.parent is not None and name.parent.type == "pair_pattern" else None
        pattern = pair.parent if pair is not None else name.parent
        declarator = pattern.parent if pattern is not None else None
        if pattern is None or pattern.type != "object_pattern" or declarator is None:
            return ""
        if declarator.type != "variable_declarator":
            return ""
        owner = self.origin(declarator.child_by_field_name("value"), steps=steps - 1)
        key = pair.child_by_field_name("key") if pair is not None else name
        return f"{owner}.{text_of(key)}" if owner and key is not None else ""

    def _module(self, node: Node) -> str | None:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        is_import = function.type == "import"
        is_require = text_of(function) == "require" and self.scopes.binding(function) is None
        name = string_of(next(iter(arguments.named_children), None)) if is_import or is_require else None
        return module_name(name) if name else None

    @cached_property
    def _constant(self) -> dict[tuple[int, int], bool]:
        return {}

    def is_constant(self, node: Node | None, *, steps: int = MOST_STEPS) -> bool:
        """Return whether a value is the same in every run: literals, and what is made of them alone."""
        if node is None or steps == 0:
            return False
        key = (node.id, steps)
        if key not in self._constant:
            self._constant[key] = self._is_made_of_literals(node, steps)
        return self._constant[key]

    def _is_made_of_literals(self, node: Node, steps: int) -> bool:
        if node.type in _CONSTANTS:
            return True
        if node.type == "template_string":
            holes = [one for one in node.named_children if one.type == "template_substitution"]
            return all(self.is_constant(one, steps=steps - 1) for one in holes)
        if node.type in ("binary_expression", "parenthesized_expression", "template_substitution", "array"):
            return all(self.is_constant(one, steps=steps - 1) for one in node.named_children)
        if node.type == "identifier":
            binding = self.scopes.binding(node)
            is_fixed = binding is not None and binding.kind == "const" and not binding.writes
            return is_fixed and binding is not None and self.is_constant(binding.value, steps=steps - 1)
        return False

    def finding(self, rule: str, message: str, node: Node, severity: Severity) -> Finding:
        """Return a finding at the place of *node*."""
        line, column = node.start_point[0] + 1, node.start_point[1] + 1
        return Finding(rule, plain_text(message), "", line, column, severity)


def module_name(specifier: str) -> str:
    """Return the name of a module as node compares it: ``node:fs`` is ``fs``."""
    return specifier.removeprefix("node:").replace("/", ".")


def string_of(node: Node | None) -> str | None:
    """Return what a literal of text holds, None for anything else; escapes stay as they are written."""
    if node is None or node.type not in ("string", "template_string"):
        return None
    if any(child.type == "template_substitution" for child in node.named_children):
        return None
    return text_of(node)[1:-1]


def arguments_of(call: Node) -> list[Node]:
    """Return the arguments of a call, comments left out."""
    arguments = call.child_by_field_name("arguments")
    return [one for one in arguments.named_children if one.type != "comment"] if arguments is not None else []


def callee_of(call: Node) -> Node | None:
    """Return what is called, or made by ``new``."""
    return call.child_by_field_name("function") or call.child_by_field_name("constructor")


def function_around(node: Node) -> Node | None:
    """Return the innermost function that *node* stands in."""
    at = node.parent
    while at is not None and at.type not in FUNCTIONS:
        at = at.parent
    return at


def _imported(name: Node) -> str:
    specifier = name.parent if name.parent is not None and name.parent.type == "import_specifier" else None
    member = specifier.child_by_field_name("name") if specifier is not None else None
    statement = name.parent
    while statement is not None and statement.type != "import_statement":
        statement = statement.parent
    module = string_of(statement.child_by_field_name("source")) if statement is not None else None
    if not module:
        return ""
    owner = module_name(module)
    return f"{owner}.{text_of(member)}" if member is not None and text_of(member) != "default" else owner
