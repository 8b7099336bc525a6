"""What a text imports, read from its syntax tree; nothing is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

_BY_NAME = frozenset({"__import__", "import_module", "importlib.import_module"})


@dataclass(frozen=True, slots=True)
class Import:
    """
    One import of something that does not stand in the text's own package.

    ``module`` is as written, ``urllib.parse``; ``names`` are those taken from it, none for ``import urllib.parse``.
    """

    module: str
    names: tuple[str, ...]
    line: int

    @property
    def top(self) -> str:
        """The name that a distribution provides, ``urllib``."""
        return self.module.partition(".")[0]

    def reaches(self, dotted: str) -> bool:
        """Return whether it imports the module or member *dotted*, or something below it."""
        paths = [self.module, *(f"{self.module}.{name}" for name in self.names)]
        return any(path == dotted or path.startswith(f"{dotted}.") for path in paths)


def imports_of(source: str) -> tuple[Import, ...]:
    """
    Return the absolute imports of *source* in the order of their lines; none where it does not parse.

    An import by name with a literal (``import_module("yaml")``) is one, too; relative imports are not.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(sorted(_imports(tree), key=lambda one: (one.line, one.module)))


def _imports(tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, (), node.lineno) for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield Import(module, tuple(alias.name for alias in names), node.lineno)
            case ast.Call(func=function, args=[ast.Constant(value=str(module)), *_]) if _written(function) in _BY_NAME:
                if module and not module.startswith("."):
                    yield Import(module, (), node.lineno)


def _written(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


def third_party(imports: Iterable[Import], *, path: str, tree: Collection[str]) -> tuple[Import, ...]:
    """Return those of *imports* in the file *path* that neither Python nor the repository (its paths) provides."""
    own = local_names(path, tree)
    return tuple(one for one in imports if one.top not in sys.stdlib_module_names and one.top not in own)


def local_names(path: str, tree: Collection[str]) -> frozenset[str]:
    """Return what the file *path* can import from the repository: at its root, in ``src``, and beside the file."""
    folder = PurePosixPath(path).parent.parts
    roots = {(), ("src",), folder}
    names = set()
    for one in tree:
        parts = PurePosixPath(one).parts
        for root in roots:
            rest = parts[len(root) :]
            if parts[: len(root)] == root and rest and one.endswith((".py", ".pyi")):
                names.add(rest[0] if len(rest) > 1 else PurePosixPath(rest[0]).stem)
    return frozenset(names)
