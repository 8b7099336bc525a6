"""Changing names and constants of a text by their places in the syntax tree; comments and layout stay."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from apps.knowledge.engine.pattern_format import DEFINITIONS, constants_of


def names_used(source: str) -> frozenset[str]:
    """Return every name that *source* reads, binds, imports or defines; attributes and keywords are none."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, DEFINITIONS)}
    aliases = (
        alias for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names
    )
    return frozenset(used | {alias.asname or alias.name.partition(".")[0] for alias in aliases})


def names_bound(source: str) -> frozenset[str]:
    """Return the names that *source* gives values to, arguments among them."""
    tree = ast.parse(source)
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)})


def renamed(source: str, names: Mapping[str, str], described: Sequence[str]) -> str:
    """
    Return *source* with the identifiers of *names* (old to new) renamed.

    Strings, attributes, methods and the fields of classes stay as they are; docstrings follow for the names in
    *described*, since a page that speaks of other names would mislead.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for row, column, old in sorted(set(_places(source, lines, names)), reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + names[old].encode() + line[column + len(old.encode()) :]
    words = [name for name in described if name in names]
    if words:
        pattern = re.compile(rf"\b({'|'.join(words)})\b")
        for row in _docstring_rows(source):
            lines[row] = pattern.sub(lambda hit: names[hit.group()], lines[row].decode()).encode()
    return b"".join(lines).decode()


def constants_set(source: str, values: Mapping[str, str]) -> str:
    """Return *source* with other literals as the values of its constants (name to source of the literal)."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    places = constants_of(ast.parse(source))
    for name in sorted(values, key=lambda one: -places[one].lineno):
        node = places[name]
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[first : last + 1] = [before + values[name].encode() + after]
    return b"".join(lines).decode()


def arguments_reordered(source: str, entry: str, names: Sequence[str]) -> str:
    """
    Return *source* with the arguments of the function *entry*, which has no defaults, in the order of *names*.

    Arguments that are given by name have no order, so nothing changes then.
    """
    tree = ast.parse(source)
    (function,) = [node for node in tree.body if isinstance(node, DEFINITIONS) and node.name == entry]
    if isinstance(function, ast.ClassDef):
        return source
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments or {one.arg for one in arguments} != set(names):
        return source
    texts = {one.arg: ast.get_source_segment(source, one) or one.arg for one in arguments}
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    first, last = arguments[0], arguments[-1]
    before = lines[first.lineno - 1][: first.col_offset]
    after = lines[(last.end_lineno or last.lineno) - 1][last.end_col_offset :]
    new = ", ".join(texts[name] for name in names).encode()
    lines[first.lineno - 1 : last.end_lineno] = [before + new + after]
    return b"".join(lines).decode()


def _places(source: str, lines: Sequence[bytes], names: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    tree = ast.parse(source)
    fields = set(_fields(tree))
    for node in ast.walk(tree):
        if id(node) in fields:
            continue
        if isinstance(node, ast.Name) and node.id in names:
            yield node.lineno, node.col_offset, node.id
        elif isinstance(node, ast.arg) and node.arg in names:
            yield node.lineno, node.col_offset, node.arg
        elif isinstance(node, DEFINITIONS) and node.name in names:
            begun = re.compile(rb"(?:async\s+)?(?:def|class)\s+").match(lines[node.lineno - 1], node.col_offset)
            if begun is not None:
                yield node.lineno, begun.end(), node.name


def _fields(tree: ast.Module) -> Iterator[int]:
    """Yield the identities of nodes that name a method or a field of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                match statement:
                    case ast.FunctionDef() | ast.AsyncFunctionDef():
                        yield id(statement)
                    case ast.AnnAssign(target=target):
                        yield id(target)
                    case ast.Assign(targets=targets):
                        yield from (id(target) for target in targets)


def _docstring_rows(source: str) -> set[int]:
    rows: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            rows |= set(range(docstring.lineno - 1, docstring.end_lineno or docstring.lineno))
    return rows
