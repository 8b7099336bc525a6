"""What a text says about itself: public names, docstrings, lines of code. It is parsed, never run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from apps.checks.types import Unparsable

_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)


@dataclass(frozen=True)
class Definition:
    """A public function, method or class."""

    name: str
    line: int
    is_function: bool
    has_docstring: bool


@dataclass(frozen=True)
class SyntaxFacts:
    """``names`` are all identifiers the text mentions: what a test module uses is among them."""

    code_lines: int
    has_docstring: bool
    definitions: tuple[Definition, ...]
    names: frozenset[str]


def parse(source: str) -> ast.Module:
    """
    Return the syntax tree of a text.

    :raises Unparsable: it is not Python, or nested too deeply.
    """
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise Unparsable(
            f"Line {error.lineno or 0} does not parse: {error.msg}.", remedy="Correct the text and try again."
        ) from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise Unparsable("The text is nested too deeply, or holds characters that Python refuses.") from error


def facts_of(source: str) -> SyntaxFacts:
    """
    Return what a text says about itself.

    :raises Unparsable: it is not Python, or nested too deeply.
    """
    tree = parse(source)
    try:
        definitions = tuple(_definitions(tree.body, ""))
        names = frozenset(_names(tree))
        has_docstring = ast.get_docstring(tree) is not None
    except RecursionError as error:
        raise Unparsable("The text is nested too deeply.") from error
    return SyntaxFacts(code_lines(source), has_docstring, definitions, names)


def code_lines(source: str) -> int:
    """Return the number of lines that hold code; blank lines and comments do not count, docstrings do."""
    lines: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in _NO_CODE:
                lines.update(range(token.start[0], token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        return sum(1 for line in source.splitlines() if line.strip())
    return len(lines)


def _definitions(body: list[ast.stmt], owner: str) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            name = f"{owner}{node.name}"
            is_class = isinstance(node, ast.ClassDef)
            yield Definition(name, node.lineno, not is_class, ast.get_docstring(node) is not None)
            if is_class:
                yield from _definitions(node.body, f"{name}.")


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]
