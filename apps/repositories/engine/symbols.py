"""The functions, classes and methods of a Python file, with what they call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from apps.repositories.engine.modules import called_names, imported_names, module_name

MAX_SYMBOLS = 2_000  # of one file
MAX_SIGNATURE = 1_000
MAX_DOCSTRING = 2_000
MAX_CALLS = 500
MAX_NAME = 500  # dotted; a longer one is not a name that anybody asks for
# Raised whenever what is read of a file changes: what was read before is then read again.
READER = 1

# Where Python's own reader ends a line; a form feed does not.
_LINE_END = re.compile(r"\r\n|\r|\n")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class FileUnreadable(ValueError):
    """The file is no Python that can be parsed here."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """
    A function, class or method.

    ``line`` and ``end_line`` count from 1 and take in decorators; ``source`` is these lines. ``calls`` are dotted names
    as the imports say them. ``kind`` is "function", "class" or "method".
    """

    kind: str
    qualname: str
    dotted: str
    signature: str
    docstring: str
    line: int
    end_line: int
    source: str
    calls: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the source."""
        return sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file defines, and ``exports``: names that it imports from elsewhere, dotted."""

    symbols: tuple[Symbol, ...]
    exports: dict[str, str]


def read_file(path: str, text: str) -> ReadFile:
    """
    Return the symbols of the Python file *path* in the order of its lines, at most :data:`MAX_SYMBOLS`.

    Taken are definitions at the top level, in classes, and under a condition or ``try`` there; what a function defines
    inside itself is part of it.

    :raises FileUnreadable: the text does not parse, or is nested too deeply.
    """
    try:
        tree = ast.parse(text)
        names = imported_names(tree, path)
        module = module_name(path)
        known = names | {node.name: _dotted(module, node.name) for node in _definitions(tree.body)}
        symbols = []
        for symbol in _read(tree.body, "", _Source(_LINE_END.split(text), known, module)):
            symbols.append(symbol)
            if len(symbols) == MAX_SYMBOLS:
                break
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FileUnreadable(f"{path} does not parse.") from error
    return ReadFile(tuple(symbols), names)


@dataclass(frozen=True, slots=True)
class _Source:
    lines: Sequence[str]
    names: dict[str, str]
    module: str


def _read(body: Sequence[ast.stmt], owner: str, source: _Source) -> Iterator[Symbol]:
    for node in _definitions(body):
        qualname = f"{owner}.{node.name}" if owner else node.name
        if len(_dotted(source.module, qualname)) > MAX_NAME:
            continue
        yield _symbol(node, qualname, owner, source)
        if isinstance(node, ast.ClassDef):
            yield from _read(node.body, qualname, source)


def _definitions(body: Sequence[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node
        elif isinstance(node, ast.If):
            yield from _definitions([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [inner for handler in node.handlers for inner in handler.body]
            yield from _definitions([*node.body, *handled, *node.orelse, *node.finalbody])


def _symbol(node: Definition, qualname: str, owner: str, source: _Source) -> Symbol:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last = node.end_lineno or node.lineno
    is_class = isinstance(node, ast.ClassDef)
    # A class stands for its methods, which are symbols themselves: what it calls are its bases and decorators.
    parts: list[ast.AST] = [*node.bases, *node.decorator_list] if isinstance(node, ast.ClassDef) else [node]
    calls: set[str] = set()
    for part in parts:
        calls |= set(called_names(part, names=source.names, module=source.module, owner=owner))
    dotted = _dotted(source.module, qualname)
    called = sorted(name for name in calls if name != dotted and len(name) <= MAX_NAME)
    return Symbol(
        kind="class" if is_class else "method" if owner else "function",
        qualname=qualname,
        dotted=dotted,
        signature=signature_of(node)[:MAX_SIGNATURE],
        docstring=_storable(ast.get_docstring(node) or "")[:MAX_DOCSTRING],
        line=first,
        end_line=last,
        source="\n".join(source.lines[first - 1 : last]),
        calls=tuple(called[:MAX_CALLS]),
    )


def signature_of(node: Definition) -> str:
    """Return the first line of a definition, without its colon."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in [*node.bases, *node.keywords])
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{word} {node.name}({ast.unparse(node.args)}){returns}"


def _dotted(module: str, qualname: str) -> str:
    return f"{module}.{qualname}" if module else qualname


def _storable(text: str) -> str:
    """Return *text* without what a database cannot hold: escapes may say NUL or half a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
