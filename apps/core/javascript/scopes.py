"""Which declaration each name of a program in JavaScript means, read from its syntax tree; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from apps.core.javascript.complexity import FUNCTIONS
from apps.core.javascript.trees import parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

Kind = Literal["import", "const", "let", "var", "function", "class", "parameter", "caught"]
_BLOCKS = frozenset({"statement_block", "for_statement", "for_in_statement", "switch_body", "class_static_block"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_TARGETS = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_PATTERNS = frozenset(
    {
        "object_pattern", "array_pattern", "pair_pattern", "rest_pattern", "assignment_pattern",
        "object_assignment_pattern", "parenthesized_expression",
    }
)  # fmt: skip
_DECLARED: dict[str, Kind] = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "class_declaration": "class",
}


@dataclass(eq=False)
class Binding:
    """
    A declared name. ``node`` is the name where it stands, ``value`` what it is declared with, if that is all of it.

    ``writes`` are the places that change it afterwards.
    """

    name: str
    kind: Kind
    node: Node
    value: Node | None
    is_module_level: bool
    is_exported: bool = False
    reads: list[Node] = field(default_factory=list)
    writes: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class _Scope:
    parent: _Scope | None
    is_function: bool
    names: dict[str, Binding] = field(default_factory=dict)

    @property
    def function(self) -> _Scope:
        return self if self.is_function or self.parent is None else self.parent.function

    def find(self, name: str) -> Binding | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


@dataclass(frozen=True)
class Scopes:
    """The declarations of a program, and the names that nothing in it declares."""

    root: Node
    bindings: tuple[Binding, ...]
    free: tuple[Node, ...]
    meant: dict[int, Binding]

    def binding(self, name: Node) -> Binding | None:
        """Return what a name means, None where the program does not declare it."""
        return self.meant.get(name.id)


def scopes_of(source: str) -> Scopes:
    """Return the scopes of a program that parses as JavaScript (TypeScript: after its types were taken out)."""
    reader = _Reader()
    root = parse(source)
    reader.children(root, reader.module)
    return reader.resolved(root)


class _Reader:
    def __init__(self) -> None:
        self.module = _Scope(None, is_function=True)
        self.bindings: list[Binding] = []
        self.uses: list[tuple[Node, _Scope, bool, bool]] = []
        self.exported: set[str] = set()

    def resolved(self, root: Node) -> Scopes:
        free: list[Node] = []
        meant: dict[int, Binding] = {one.node.id: one for one in self.bindings}
        for node, scope, is_read, is_write in self.uses:
            binding = scope.find(text_of(node))
            if binding is None:
                free.append(node)
                continue
            meant[node.id] = binding
            if is_read:
                binding.reads.append(node)
            if is_write:
                binding.writes.append(node)
        for one in self.bindings:
            one.is_exported = one.is_exported or (one.is_module_level and one.name in self.exported)
        return Scopes(root, tuple(self.bindings), tuple(free), meant)

    def children(self, node: Node, scope: _Scope) -> None:
        for child in node.named_children:
            self.visit(child, scope)

    def visit(self, node: Node, scope: _Scope) -> None:
        kind = node.type
        if kind in _NAMES:
            self.uses.append((node, scope, True, False))
        elif kind in FUNCTIONS:
            self._function(node, scope)
        elif kind in ("class_declaration", "class"):
            self._class(node, scope)
        elif kind == "import_statement":
            self._import(node, scope)
        elif kind == "export_statement":
            self._export(node, scope)
        elif kind == "variable_declarator":
            self._variable(node, scope)
        elif kind == "catch_clause":
            self._catch(node, scope)
        elif kind == "for_in_statement":
            self._for_in(node, _Scope(scope, is_function=False))
        elif kind in ("assignment_expression", "augmented_assignment_expression"):
            self._target(node.child_by_field_name("left"), scope, is_read=kind.startswith("augmented"))
            self._maybe(node.child_by_field_name("right"), scope)
        elif kind == "update_expression":
            self._target(node.child_by_field_name("argument"), scope, is_read=True)
        else:
            self.children(node, _Scope(scope, is_function=False) if kind in _BLOCKS else scope)

    def _maybe(self, node: Node | None, scope: _Scope) -> None:
        if node is not None:
            self.visit(node, scope)

    def _declare(self, node: Node, kind: Kind, scope: _Scope, value: Node | None = None) -> Binding:
        home = scope.function if kind == "var" else scope
        name = text_of(node)
        known = home.names.get(name)
        if known is not None and kind in ("var", "function", "parameter"):
            if value is not None:
                known.writes.append(node)
            return known
        binding = Binding(name, kind, node, value, home is self.module)
        home.names[name] = binding
        self.bindings.append(binding)
        return binding

    def _function(self, node: Node, scope: _Scope) -> None:
        own = _Scope(scope, is_function=True)
        name = node.child_by_field_name("name")
        if name is not None:
            if node.type in _DECLARED:
                self._declare(name, "function", scope)
            elif node.type == "method_definition":
                self._maybe(name if name.type == "computed_property_name" else None, scope)
            else:
                self._declare(name, "parameter", own)
        single = node.child_by_field_name("parameter")
        if single is not None:
            self._pattern(single, "parameter", own)
        parameters = node.child_by_field_name("parameters")
        for one in parameters.named_children if parameters is not None else ():
            self._pattern(one, "parameter", own)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.children(body, own)
        else:
            self._maybe(body, own)

    def _class(self, node: Node, scope: _Scope) -> None:
        own = _Scope(scope, is_function=False)
        name = node.child_by_field_name("name")
        if name is not None:
            self._declare(
                name, "class" if node.type in _DECLARED else "parameter", scope if node.type in _DECLARED else own
            )
        for child in node.named_children:
            if name is None or child.id != name.id:
                self.visit(child, own)

    def _import(self, node: Node, scope: _Scope) -> None:
        waiting = [one for one in node.named_children if one.type == "import_clause"]
        while waiting:
            one = waiting.pop()
            if one.type == "import_specifier":
                local = one.child_by_field_name("alias") or one.child_by_field_name("name")
                if local is not None:
                    self._declare(local, "import", scope)
            elif one.type == "identifier":
                self._declare(one, "import", scope)
            else:
                waiting += reversed(one.named_children)

    def _export(self, node: Node, scope: _Scope) -> None:
        if node.child_by_field_name("source") is not None:
            return
        declaration = node.child_by_field_name("declaration")
        before = len(self.bindings)
        for child in node.named_children:
            if child.type == "export_clause":
                names = [one.child_by_field_name("name") for one in child.named_children]
                self.exported |= {text_of(one) for one in names if one is not None}
                self.uses += [
                    (one, scope, True, False) for one in names if one is not None and one.type == "identifier"
                ]
            else:
                self.visit(child, scope)
        if declaration is not None:
            for one in self.bindings[before:]:
                one.is_exported = one.is_module_level

    def _variable(self, node: Node, scope: _Scope) -> None:
        word = node.parent.children[0].type if node.parent is not None else "var"
        kind: Kind = "const" if word == "const" else "let" if word == "let" else "var"
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None:
            self._pattern(name, kind, scope, value)
        self._maybe(value, scope)

    def _catch(self, node: Node, scope: _Scope) -> None:
        own = _Scope(scope, is_function=False)
        parameter = node.child_by_field_name("parameter")
        if parameter is not None:
            self._pattern(parameter, "caught", own)
        self._maybe(node.child_by_field_name("body"), own)

    def _for_in(self, node: Node, scope: _Scope) -> None:
        left, word = node.child_by_field_name("left"), node.child_by_field_name("kind")
        if left is not None and word is not None:
            kind: Kind = "const" if word.type == "const" else "let" if word.type == "let" else "var"
            self._pattern(left, kind, scope)
        else:
            self._target(left, scope, is_read=False)
        self._maybe(node.child_by_field_name("right"), scope)
        self._maybe(node.child_by_field_name("body"), scope)

    def _pattern(self, node: Node, kind: Kind, scope: _Scope, value: Node | None = None) -> None:
        """Declare the names of a pattern; the value stays with a plain name only."""
        if node.type in _TARGETS:
            self._declare(node, kind, scope, value)
            return
        for role, part in _parts(node):
            if role == "target":
                self._pattern(part, kind, scope)
            else:
                self.visit(part, scope)

    def _target(self, node: Node | None, scope: _Scope, *, is_read: bool) -> None:
        if node is None:
            return
        if node.type in _TARGETS:
            self.uses.append((node, scope, is_read, True))
        elif node.type not in _PATTERNS:
            self.visit(node, scope)
        else:
            for role, part in _parts(node):
                if role == "target":
                    self._target(part, scope, is_read=is_read)
                else:
                    self.visit(part, scope)


def _parts(node: Node) -> Iterator[tuple[str, Node]]:
    """Give the parts of a pattern: what it sets, and what is computed on the way."""
    if node.type == "pair_pattern":
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is not None and key.type == "computed_property_name":
            yield "value", key
        if value is not None:
            yield "target", value
    elif node.type in ("assignment_pattern", "object_assignment_pattern"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None:
            yield "target", left
        if right is not None:
            yield "value", right
    else:
        yield from (("target", one) for one in node.named_children if one.type != "comment")
