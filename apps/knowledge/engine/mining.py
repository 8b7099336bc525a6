"""
Find structures that recur in the functions of a body of code, and say what they have in common.

Runs of statements are compared by their shape: the syntax tree without names and constants. Runs of one shape in which
local names are used alike are generalised by anti-unification (Plotkin, "A Note on Inductive Generalization", 1970):
what all have in common stays, what differs becomes a parameter, and places that always differ alike share one.
Support counts distinct functions. A structure that only occurs within another one of the same functions is left out.

Nothing is run. The result depends on the texts alone. A file is parsed, read and dropped, and parsed once more when
something in it recurs, so that memory holds the tree of one file.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.knowledge.engine.structure import DEFINITIONS, bound_names, definitions_of

MINIMUM_SUPPORT = 3
LONGEST_RUN = 6
LEAST_NODES = 12
MOST_NODES = 400
# What has fewer fixed names and values than that says nothing, and what differs in more places is no one structure.
LEAST_ANCHORS = 3
MOST_PARAMETERS = 6
MOST_FOUND = 60
# A body of code beyond that is cut, file by file: 50,000 lines have about a million nodes.
MOST_TREE_NODES = 4_000_000
_SHOWN_VALUES = 5
_DROPPED = (ast.expr_context, ast.Load, ast.Store, ast.Del)
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


@dataclass(frozen=True, slots=True)
class Mined:
    """What was found, and how much of the code was read."""

    structures: tuple[MinedStructure, ...]
    files: int
    functions: int
    unreadable: tuple[str, ...]
    left_out: int


@dataclass(slots=True)
class _Run:
    """A run of statements of one function."""

    shape: bytes
    nodes: int
    statements: Sequence[ast.stmt]
    function: str


Leaf = tuple[str, bool]  # its text, and whether it is a local name


@dataclass(slots=True)
class _Seen:
    """One occurrence with its leaves, whose order is that of every other of the same shape."""

    occurrence: Occurrence
    leaves: list[Leaf]
    statements: list[ast.stmt]
    nodes: int
    locals_key: tuple[int, ...] = field(default=())


def mine(
    files: Mapping[str, str],
    *,
    minimum_support: int = MINIMUM_SUPPORT,
    announce: Callable[[int, int], None] = lambda _read, _of: None,
) -> Mined:
    """
    Return the structures that at least *minimum_support* functions of *files* (path to text) share, most telling first.

    What is most telling saves most if it is written once: nodes of the structure times further functions. ``announce``
    is told how many of how many files were read, and may raise.
    """
    places: dict[bytes, set[tuple[int, str]]] = defaultdict(set)
    paths = sorted(files)
    unreadable, functions, total, read = [], 0, 0, 0
    for number, path in enumerate(paths):
        announce(number, len(paths))
        tree = _parsed(files[path])
        if tree is None:
            unreadable.append(path)
            continue
        if total > MOST_TREE_NODES:
            break
        read += 1
        for name, node in _functions(tree):
            functions += 1
            total += node_count(node)
            for run in _runs(name, node):
                places[run.shape].add((number, name))
    recurring = {shape: {at for at, _ in where} for shape, where in places.items() if len(where) >= minimum_support}
    del places
    groups = _gather(paths, files, recurring)
    found = [one for seen in groups.values() for one in _generalised(seen, minimum_support)]
    left_out = len(paths) - read - len(unreadable)
    return Mined(tuple(_maximal(found)), read, functions, tuple(unreadable), left_out)


def node_count(node: ast.AST) -> int:
    """Return the number of nodes of a syntax tree, contexts such as ``Load`` left out."""
    return sum(not isinstance(one, _DROPPED) for one in ast.walk(node))


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, node in definitions_of(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield name, node


def _runs(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[_Run]:
    """Yield the runs of statements of a function that are neither too small nor too large, block by block."""
    _without_docstrings(function)
    shapes: dict[int, tuple[bytes, int]] = {}
    for statement in function.body:
        _shape(statement, shapes)
    for block in _blocks(function):
        longest = max(LONGEST_RUN, len(block)) if block is function.body else LONGEST_RUN
        for start in range(len(block)):
            nodes, digest = 0, hashlib.blake2b(digest_size=12)
            for end in range(start, min(len(block), start + longest)):
                shape, size = shapes[id(block[end])]
                digest.update(shape)
                nodes += size
                if nodes > MOST_NODES:
                    break
                is_whole = block is function.body and start == 0 and end == len(block) - 1
                if nodes >= LEAST_NODES and (end - start < LONGEST_RUN or is_whole):
                    yield _Run(digest.copy().digest(), nodes, block[start : end + 1], name)


def _without_docstrings(function: ast.AST) -> None:
    for node in ast.walk(function):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            node.body = node.body[1:] or [ast.Pass(lineno=first.lineno, end_lineno=first.end_lineno)]


def _blocks(function: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a function, outermost first; those of inner definitions count as its own."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield block


def _shape(node: ast.AST, shapes: dict[int, tuple[bytes, int]]) -> tuple[bytes, int]:
    """Return the shape of a tree and its number of nodes; those of statements are kept in *shapes*."""
    digest, nodes = hashlib.blake2b(type(node).__name__.encode(), digest_size=12), 1
    if isinstance(node, ast.Constant):
        digest.update(type(node.value).__name__.encode())
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            if isinstance(value, _DROPPED):
                continue
            shape, size = _shape(value, shapes)
            digest.update(name.encode() + shape)
            nodes += size
        elif isinstance(value, list):
            digest.update(f"{name}{len(value)}".encode())
            for one in value:
                if isinstance(one, ast.AST):
                    shape, size = _shape(one, shapes)
                    digest.update(shape)
                    nodes += size
        else:
            digest.update(f"{name}{value is None}".encode())
    found = digest.digest(), nodes
    if isinstance(node, ast.stmt):
        shapes[id(node)] = found
    return found


def _gather(
    paths: Sequence[str], files: Mapping[str, str], recurring: Mapping[bytes, set[int]]
) -> dict[bytes, list[_Seen]]:
    """Return every occurrence of the shapes that recur; of several in one function the first counts."""
    groups: dict[bytes, list[_Seen]] = defaultdict(list)
    for number in sorted({number for numbers in recurring.values() for number in numbers}):
        tree = _parsed(files[paths[number]])
        if tree is None:
            continue
        for name, node in _functions(tree):
            local = bound_names(node)
            done: set[bytes] = set()
            for run in _runs(name, node):
                if run.shape in recurring and run.shape not in done:
                    done.add(run.shape)
                    groups[run.shape].append(_seen(run, paths[number], local))
    return groups


def _seen(run: _Run, path: str, local: frozenset[str]) -> _Seen:
    last = run.statements[-1]
    where = Occurrence(path, run.statements[0].lineno, last.end_lineno or last.lineno, run.function)
    leaves = [leaf for statement in run.statements for leaf in _leaves(statement, local)]
    numbers: dict[str, int] = {}
    key = tuple(numbers.setdefault(text, len(numbers)) if is_local else -1 for text, is_local in leaves)
    return _Seen(where, leaves, list(run.statements), run.nodes, key)


def _leaves(node: ast.AST, local: frozenset[str]) -> Iterator[Leaf]:
    """Yield the names and constants of a tree in the order in which :func:`_filled` meets them."""
    for text, is_name in _texts(node):
        yield text, is_name and text in local
    for child in ast.iter_child_nodes(node):
        yield from _leaves(child, local)


def _texts(node: ast.AST) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Constant):
        yield repr(node.value), False
    for name in _TEXT_FIELDS.get(type(node), ()):
        value = getattr(node, name)
        if isinstance(value, str):
            yield value, not isinstance(node, (ast.Attribute, ast.keyword, ast.alias, ast.ImportFrom))
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from ((name, True) for name in node.names)


def _generalised(seen: Sequence[_Seen], minimum_support: int) -> Iterator[MinedStructure]:
    """Yield what occurrences of one shape that use local names alike have in common, all of them or equal ones."""
    alike: dict[tuple[int, ...], list[_Seen]] = defaultdict(list)
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


def _by_calls(group: Sequence[_Seen]) -> list[list[_Seen]]:
    """Split occurrences by the names that are not local: what they call and read; constants may still differ."""
    parts: dict[tuple[str, ...], list[_Seen]] = defaultdict(list)
    for one in group:
        parts[tuple(text for text, is_local in one.leaves if not is_local and text[:1].isalpha())].append(one)
    return [parts[key] for key in sorted(parts)]


def _structure(group: Sequence[_Seen]) -> MinedStructure | None:
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
    module = ast.Module(copy.deepcopy(list(statements)), [])
    waiting = iter(fillings)
    for statement in module.body:
        _fill(statement, waiting)
    try:
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


def _maximal(found: Sequence[MinedStructure]) -> list[MinedStructure]:
    """Return the structures that do not only occur within larger ones, most telling first."""
    kept: list[MinedStructure] = []
    covered: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-one.nodes, -one.support, one.digest)):
        is_within = all(
            any(first <= at.line and at.end_line <= last for first, last in covered.get((at.path, at.function), ()))
            for at in one.occurrences
        )
        if not is_within:
            kept.append(one)
            for at in one.occurrences:
                covered[at.path, at.function].append((at.line, at.end_line))
    kept.sort(key=lambda one: (-one.nodes * (one.support - 1), one.digest))
    return kept[:MOST_FOUND]
