"""What names in a module stand for, as far as its imports say: the ground for callers and callees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from apps.core.modules import dotted_name

_ROOTS = ("src", "lib")


def module_name(path: str) -> str:
    """Return the dotted name under which the file *path* is imported; a leading ``src`` or ``lib`` is no package."""
    return dotted_name(path, roots=_ROOTS)


def imported_names(tree: ast.Module, path: str) -> dict[str, str]:
    """
    Return for each name that an import anywhere in the module binds the dotted name it stands for.

    Relative imports are resolved from *path*. ``import a.b`` binds ``a``; a star import binds nothing that is known.
    """
    module = module_name(path)
    package = module if PurePosixPath(path).name == "__init__.py" else module.rpartition(".")[0]
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, package)
            for alias in node.names:
                if source is not None and alias.name != "*":
                    names[alias.asname or alias.name] = f"{source}.{alias.name}" if source else alias.name
    return names


def _source(node: ast.ImportFrom, package: str) -> str | None:
    """Return the module that *node* imports from; None where its dots lead out of the repository."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level - 1 > len(parts):
        return None
    base = parts[: len(parts) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def called_names(node: ast.AST, *, names: Mapping[str, str], module: str, owner: str) -> tuple[str, ...]:
    """
    Return the dotted names of what is called or referred to inside *node*, sorted, each once.

    :param names: what imported and module-level names stand for, dotted.
    :param module: the dotted name of the module.
    :param owner: the qualified name of the class around *node*, "" outside of classes; ``self.x`` is its ``x``.

    Only names that *names* knows and *node* does not bind itself are resolved, so a local variable or a builtin is no
    call. A function that is handed on (``map(parse, rows)``) counts, since it will be called.
    """
    found = set()
    local = _bound(node)
    for chain in _chains(node):
        first, *rest = chain
        if first in local and first not in ("self", "cls"):
            continue
        if first in ("self", "cls") and owner and rest:
            found.add(".".join(filter(None, (module, owner, rest[0]))))
        elif first in names:
            found.add(".".join([names[first], *rest]))
    return tuple(sorted(found))


def _bound(node: ast.AST) -> set[str]:
    """Return the names that *node* binds as parameters or by assignment."""
    names = {child.arg for child in ast.walk(node) if isinstance(child, ast.arg)}
    stored = (child for child in ast.walk(node) if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load))
    return names | {child.id for child in stored}


def _chains(node: ast.AST) -> Iterator[list[str]]:
    """Yield each name that is read with the attributes after it, the longest form only."""
    inner: set[int] = set()
    for child in ast.walk(node):
        if id(child) in inner or not isinstance(child, (ast.Name, ast.Attribute)):
            continue
        if not isinstance(child.ctx, ast.Load):
            continue
        chain: list[str] = []
        place: ast.expr = child
        while isinstance(place, ast.Attribute):
            chain.append(place.attr)
            place = place.value
            inner.add(id(place))
        if isinstance(place, ast.Name):
            yield [place.id, *reversed(chain)]


def resolved(dotted: str, exports: Mapping[str, str]) -> str:
    """
    Return what *dotted* stands for after the names that packages hand on; a circle of them ends somewhere in it.

    ``pkg.Money.parse`` is ``pkg.money.Money.parse`` where ``pkg`` hands ``Money`` on.
    """
    for _ in range(8):
        name, rest = dotted, ""
        while name and name not in exports:
            name, _, last = name.rpartition(".")
            rest = f".{last}{rest}"
        if not name or exports[name] == name:
            break
        dotted = exports[name] + rest
    return dotted
