"""
What occurrences of one shape have in common: the least general generalisation of their syntax trees.

See Plotkin, "A Note on Inductive Generalization", Machine Intelligence 5, 1970.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# What has fewer fixed names and values than that says nothing, and what differs in more places is no one structure.
LEAST_ANCHORS = 3
MOST_PARAMETERS = 6
_SHOWN_VALUES = 5
_TEXT_FIELDS = {
    ast.Name: ("id",),
    ast.Attribute: ("attr",),
    ast.keyword: ("arg",),
    ast.arg: ("arg",),
    ast.ExceptHandler: ("name",),
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.alias: ("name", "asname"),
    ast.ImportFrom: ("module",),
    ast.MatchAs: ("name",),
    ast.MatchStar: ("name",),
    ast.MatchMapping: ("rest",),
}


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """Where a structure stands: a file, the function, and the lines of the run."""

    path: str
    line: int
    end_line: int
    function: str


@dataclass(frozen=True, slots=True)
class MinedParameter:
    """A place in which occurrences differ: its name in the template, some of the values, and how many there are."""

    name: str
    values: tuple[str, ...]
    distinct: int


@dataclass(frozen=True, slots=True)
class MinedStructure:
    """
    A structure that recurs.

    ``template`` is Python with the names of ``parameters`` in place of what differs. ``support`` is the number of
    distinct functions, ``modules`` that of files, ``nodes`` the size of the syntax tree. ``digest`` names the
    structure, wherever it occurs.
    """

    digest: str
    template: str
    parameters: tuple[MinedParameter, ...]
    support: int
    modules: int
    nodes: int
    occurrences: tuple[Occurrence, ...]


Leaf = tuple[str, bool]  # its text, and whether it is a local name


@dataclass(slots=True)
class Seen:
    """One occurrence with its leaves, whose order is that of every other of the same shape."""

    occurrence: Occurrence
    leaves: list[Leaf]
    statements: list[ast.stmt]
    nodes: int
    locals_key: tuple[int, ...] = field(default=())


def leaves_of(node: ast.AST, local: frozenset[str]) -> Iterator[Leaf]:
    """Yield the names and constants of a tree in the order in which :func:`_fill` meets them."""
    for text, is_name in _texts(node):
        yield text, is_name and text in local
    for child in ast.iter_child_nodes(node):
        yield from leaves_of(child, local)


def _texts(node: ast.AST) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Constant):
        yield repr(node.value), False
    for name in _TEXT_FIELDS.get(type(node), ()):
        value = getattr(node, name)
        if isinstance(value, str):
            yield value, not isinstance(node, (ast.Attribute, ast.keyword, ast.alias, ast.ImportFrom))
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from ((name, True) for name in node.names)


def generalised(seen: Sequence[Seen], minimum_support: int) -> Iterator[MinedStructure]:
    """Yield what occurrences of one shape that use local names alike have in common, all of them or equal ones."""
    alike: dict[tuple[int, ...], list[Seen]] = defaultdict(list)
    for one in seen:
        alike[one.locals_key].append(one)
    for key in sorted(alike):
        group = sorted(alike[key], key=lambda one: one.occurrence)
        if len(group) < minimum_support:
            continue
        whole = _structure(group)
        if whole is not None:
            yield whole
            continue
        for part in _by_calls(group):
            found = _structure(part) if len(part) >= minimum_support else None
            if found is not None:
                yield found


def _by_calls(group: Sequence[Seen]) -> list[list[Seen]]:
    """Split occurrences by the names that are not local: what they call and read; constants may still differ."""
    parts: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for one in group:
        parts[tuple(text for text, is_local in one.leaves if not is_local and text[:1].isalpha())].append(one)
    return [parts[key] for key in sorted(parts)]


def _structure(group: Sequence[Seen]) -> MinedStructure | None:
    """Return the least general generalisation of *group*; None when it says too little or differs too much."""
    first = group[0]
    columns = [tuple(one.leaves[at][0] for one in group) for at in range(len(first.leaves))]
    holes: dict[tuple[str, ...], str] = {}
    fillings: list[str | None] = []
    anchors = 0
    for column, (_, is_local) in zip(columns, first.leaves, strict=True):
        if is_local or len(set(column)) == 1:
            anchors += not is_local
            fillings.append(None)
        else:
            fillings.append(holes.setdefault(column, f"P{len(holes) + 1}"))
    if anchors < LEAST_ANCHORS or len(holes) > MOST_PARAMETERS or anchors < 2 * len(holes):
        return None
    template = _filled(first.statements, fillings)
    if template is None:
        return None
    content = repr((template, first.locals_key))
    return MinedStructure(
        digest=hashlib.sha256(content.encode(errors="replace")).hexdigest(),
        template=template,
        parameters=tuple(
            MinedParameter(name, tuple(sorted(set(column))[:_SHOWN_VALUES]), len(set(column)))
            for column, name in holes.items()
        ),
        support=len({(one.occurrence.path, one.occurrence.function) for one in group}),
        modules=len({one.occurrence.path for one in group}),
        nodes=first.nodes,
        occurrences=tuple(one.occurrence for one in group),
    )


def _filled(statements: Sequence[ast.stmt], fillings: Sequence[str | None]) -> str | None:
    """Return the statements as text with parameters in place of the leaves that have one."""
    try:
        module = ast.Module(copy.deepcopy(list(statements)), [])
        waiting = iter(fillings)
        for statement in module.body:
            _fill(statement, waiting)
        return ast.unparse(ast.fix_missing_locations(_Constants().visit(module)))
    except (ValueError, RecursionError):
        return None


def _fill(node: ast.AST, waiting: Iterator[str | None]) -> None:
    if isinstance(node, ast.Constant):
        filling = next(waiting)
        if filling is not None:
            node.value, node.kind = _Hole(filling), None
    for name in _TEXT_FIELDS.get(type(node), ()):
        if isinstance(getattr(node, name), str):
            filling = next(waiting)
            if filling is not None:
                setattr(node, name, filling)
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        node.names = [next(waiting) or name for name in node.names]
    for child in ast.iter_child_nodes(node):
        _fill(child, waiting)


class _Hole(str):
    """The name of a parameter in place of a constant."""

    __slots__ = ()


class _Constants(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Name(str(node.value), ast.Load()) if isinstance(node.value, _Hole) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """A part of an f-string can only be a name within braces."""
        node.values = [
            ast.FormattedValue(ast.Name(str(one.value), ast.Load()), -1)
            if isinstance(one, ast.Constant) and isinstance(one.value, _Hole)
            else self.visit(one)
            for one in node.values
        ]
        return node
