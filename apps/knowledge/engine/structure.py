"""
What a definition looks like when names that only it knows do not matter.

Two definitions with the same structure do the same under other names: local names and those of the module are
numbered in the order in which they occur, imported names stand for what they were imported from, annotations and
docstrings are left out. Attributes, keywords, names of methods and constants count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What a field holds of a name, by the class of its node.
_NAME_FIELDS = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}
_LEFT_OUT = frozenset({"ctx", "returns", "type_comment", "annotation", "type_params", "kind", "lineno"})


@dataclass(frozen=True)
class Names:
    """What the names of a module mean: where imported ones come from, and which the module binds itself."""

    imported: Mapping[str, str]
    own: frozenset[str]


def names_of(tree: ast.Module) -> Names:
    """Return the names of a module."""
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {one.asname or one.name.partition(".")[0]: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            imported |= {one.asname or one.name: f"{module}:{one.name}" for one in node.names}
    own = {node.name for node in tree.body if isinstance(node, DEFINITIONS)}
    for statement in tree.body:
        if not isinstance(statement, DEFINITIONS):
            own |= bound_names(statement)
    return Names(imported, frozenset(own - set(imported)))


def definitions_of(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Yield the functions, classes and methods of a module with their qualified names; none inside a function."""
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, DEFINITIONS))


def bound_names(node: ast.AST) -> frozenset[str]:
    """Return the names that *node* binds inside itself, without its own and without those of methods."""
    found: set[str] = set()
    members = {id(one) for one in _members(node)}
    for one in ast.walk(node):
        if isinstance(one, DEFINITIONS):
            if one is not node and id(one) not in members:
                found.add(one.name)
        elif isinstance(one, ast.Name):
            if not isinstance(one.ctx, ast.Load):
                found.add(one.id)
        elif type(one) in _NAME_FIELDS:
            found.add(getattr(one, _NAME_FIELDS[type(one)]) or "")
    return frozenset(found - {""})


def _members(node: ast.AST) -> Iterator[Definition]:
    for holder in ast.walk(node):
        if isinstance(holder, ast.ClassDef):
            yield from (one for one in holder.body if isinstance(one, DEFINITIONS))


def structure_of(node: Definition, names: Names) -> str:
    """Return the structure of a definition of a module with *names* as text; its own name does not count."""
    return _Writer(node, names).definition(node, "$0")


class _Writer:
    def __init__(self, node: Definition, names: Names) -> None:
        self.imported = names.imported
        self.numbered = bound_names(node) | names.own | {node.name}
        self.members = {id(one) for one in _members(node)}
        self.numbers = {node.name: "$0"}

    def named(self, name: str) -> str:
        if name in self.numbered:
            return self.numbers.setdefault(name, f"${len(self.numbers)}")
        return self.imported.get(name, name)

    def write(self, node: object) -> str:
        match node:
            case ast.Constant(value=value):
                return f"{type(value).__name__}:{value!r}"
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return self.definition(node, name if id(node) in self.members else self.named(name))
            case ast.AnnAssign(target=target, value=None):
                return f"(Field {self.write(target)})"
            case ast.AnnAssign(target=target, value=value):
                return f"(Assign [{self.write(target)}] {self.write(value)})"
            case ast.AST():
                return self.fields(node, type(node).__name__)
            case list():
                return f"[{' '.join(map(self.write, node))}]"
            case str():
                return node
        return repr(node)

    def definition(self, node: Definition, name: str) -> str:
        body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
        return self.fields(node, f"{type(node).__name__} {name}", body=body, without="name")

    def fields(self, node: ast.AST, head: str, *, body: list[ast.stmt] | None = None, without: str = "") -> str:
        parts = [head]
        name_field = _NAME_FIELDS.get(type(node))
        for name, value in ast.iter_fields(node):
            if name in _LEFT_OUT or name == without or value is None or value == []:
                continue
            if name == "body" and body is not None:
                parts.append(self.write(body))
            elif name == name_field:
                parts.append(self.named(value))
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                parts.append(self.write([self.named(one) for one in value]))
            else:
                parts.append(self.write(value))
        return f"({' '.join(parts)})"


def structures(source: str) -> dict[str, tuple[str, int]]:
    """Return the structure and first line of each definition of *source* by qualified name; none unless it parses."""
    try:
        tree = ast.parse(source)
        names = names_of(tree)
        return {name: (structure_of(node, names), node.lineno) for name, node in definitions_of(tree)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
