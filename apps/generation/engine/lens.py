"""
One requirement at a time: which functions belong to it, and on which lines of a module they stand.

Nothing tells for certain which code is there for which requirement. What is used here are two signs that a reader can
check: the functions that the requirement's examples call, and those that its words name. What these call in turn is
left out, since most requirements share it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.generation.engine.source.syntax import parsed
from apps.generation.engine.specification.model import SpecExample

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# A name that stands as code: in backticks, before a bracket, or spelt as no English word is.
_AS_CODE = re.compile(r"`([^`]+)`|\b([A-Za-z_]\w*)(?=\()|\b(\w*[a-z0-9]_\w+|_\w+|[A-Za-z]+[a-z]\w*[A-Z]\w*)")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Signs:
    """The names that point from a requirement to code: what its examples call, and what its words name."""

    called: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.called | self.named


@dataclass(frozen=True, slots=True)
class Part:
    """What belongs to a requirement in one module: dotted names, and the numbers of their lines, from 1."""

    names: tuple[str, ...] = ()
    lines: frozenset[int] = frozenset()


def signs_of(text: str, examples: Sequence[SpecExample]) -> Signs:
    """Return what the words of a requirement and the *examples* that show it point to."""
    return Signs(
        frozenset(name for example in examples for name in _called(example)),
        frozenset(
            name
            for found in _AS_CODE.findall(text)
            for name in _NAME.findall(next(filter(None, found)))
            if len(name) > 1
        ),
    )


def _called(example: SpecExample) -> Iterator[str]:
    yield example.function
    tree = parsed("\n".join((*example.steps, example.call)))
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def part_of(module: str, names: frozenset[str]) -> Part:
    """
    Return the functions, classes and methods of *module* that are among *names*, with their decorators.

    Of a class of which methods are among them, these are shown below its first line, with ``__init__`` where the class
    itself is; of any other class the whole. Source that does not parse has no part in anything.
    """
    tree = parsed(module)
    found: list[str] = []
    lines: set[int] = set()
    for node in tree.body if tree else ():
        if not isinstance(node, Definition):
            continue
        methods = _methods(node, names) if isinstance(node, ast.ClassDef) else []
        if methods:
            found += [f"{node.name}.{method.name}" for method in methods]
            lines.update(range(_first(node), node.lineno + 1))
            lines.update(line for method in methods for line in _lines(method))
        elif node.name in names:
            found.append(node.name)
            lines.update(_lines(node))
    return Part(tuple(found), frozenset(lines))


def _methods(owner: ast.ClassDef, names: frozenset[str]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    methods = [node for node in owner.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    wanted = [node for node in methods if node.name in names]
    if not wanted:
        return []
    return [node for node in methods if node in wanted or (node.name == "__init__" and owner.name in names)]


def _first(node: Definition) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def _lines(node: Definition) -> range:
    return range(_first(node), (node.end_lineno or node.lineno) + 1)
