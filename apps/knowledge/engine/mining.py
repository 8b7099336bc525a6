"""
Find structures that recur in the functions of a body of code, and say what they have in common.

Runs of statements are compared by their shape: the syntax tree without names and constants. Runs of one shape in which
local names are used alike are generalised by anti-unification (Plotkin, "A Note on Inductive Generalization", 1970):
what all have in common stays, what differs becomes a parameter, and places that always differ alike share one.
Support counts distinct functions. A structure whose occurrences all lie within those of one larger one is left out.

Nothing is run. The result depends on the texts alone. A file is parsed, read and dropped, and parsed once more when
something in it recurs, so that memory holds the tree of one file and the runs that recur.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.knowledge.engine.generalisation import (
    MinedStructure,
    Occurrence,
    Seen,
    generalised,
    leaves_of,
)
from apps.knowledge.engine.structure import DEFINITIONS, bound_names, definitions_of

MINIMUM_SUPPORT = 3
LONGEST_RUN = 6
LEAST_NODES = 12
MOST_NODES = 400
MOST_FOUND = 60
# More functions than that are not counted for one structure.
MOST_OCCURRENCES = 2_000
# A body of code beyond that is cut, file by file: 50,000 lines have about a million nodes.
MOST_TREE_NODES = 4_000_000
_DROPPED = (ast.expr_context, ast.Load, ast.Store, ast.Del)


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
        if total > MOST_TREE_NODES:
            break
        seen = _shapes_of(files[path])
        if seen is None:
            unreadable.append(path)
            continue
        read += 1
        functions += seen.functions
        total += seen.nodes
        for shape, name in seen.shapes:
            places[shape].add((number, name))
    recurring = {shape: {at for at, _ in where} for shape, where in places.items() if len(where) >= minimum_support}
    del places
    groups = _gather(paths, files, recurring)
    found = [one for seen in groups.values() for one in generalised(seen, minimum_support)]
    left_out = len(paths) - read - len(unreadable)
    return Mined(tuple(_maximal(found)), read, functions, tuple(unreadable), left_out)


def node_count(node: ast.AST) -> int:
    """Return the number of nodes of a syntax tree, contexts such as ``Load`` left out."""
    return sum(not isinstance(one, _DROPPED) for one in ast.walk(node))


@dataclass(frozen=True, slots=True)
class _Shapes:
    functions: int
    nodes: int
    shapes: list[tuple[bytes, str]]


def _shapes_of(source: str) -> _Shapes | None:
    """Return the shapes of the runs of a text, each with its function; None where it cannot be read."""
    try:
        functions = list(_functions(ast.parse(source)))
        nodes = sum(node_count(node) for _, node in functions)
        return _Shapes(
            len(functions), nodes, [(run.shape, name) for name, node in functions for run in _runs(name, node)]
        )
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
) -> dict[bytes, list[Seen]]:
    """Return every occurrence of the shapes that recur; of several in one function the first counts."""
    groups: dict[bytes, list[Seen]] = defaultdict(list)
    for number in sorted({number for numbers in recurring.values() for number in numbers}):
        for name, node in _functions(ast.parse(files[paths[number]])):
            local = bound_names(node)
            done: set[bytes] = set()
            for run in _runs(name, node):
                is_wanted = run.shape in recurring and run.shape not in done
                if is_wanted and len(groups[run.shape]) < MOST_OCCURRENCES:
                    done.add(run.shape)
                    groups[run.shape].append(_seen(run, paths[number], local))
    return groups


def _seen(run: _Run, path: str, local: frozenset[str]) -> Seen:
    last = run.statements[-1]
    where = Occurrence(path, run.statements[0].lineno, last.end_lineno or last.lineno, run.function)
    leaves = [leaf for statement in run.statements for leaf in leaves_of(statement, local)]
    numbers: dict[str, int] = {}
    key = tuple(numbers.setdefault(text, len(numbers)) if is_local else -1 for text, is_local in leaves)
    return Seen(where, leaves, list(run.statements), run.nodes, key)


def _maximal(found: Sequence[MinedStructure]) -> list[MinedStructure]:
    """Return the structures of which no larger one has every occurrence within its own, most telling first."""
    kept: list[MinedStructure] = []
    spans: list[dict[tuple[str, str], tuple[int, int]]] = []
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-one.nodes, -one.support, one.digest)):
        first = one.occurrences[0]
        if any(_is_within(one, spans[number]) for number in holders[first.path, first.function]):
            continue
        mine = {(at.path, at.function): (at.line, at.end_line) for at in one.occurrences}
        for place in mine:
            holders[place].append(len(kept))
        kept.append(one)
        spans.append(mine)
    kept.sort(key=lambda one: (-one.nodes * (one.support - 1), one.digest))
    return kept[:MOST_FOUND]


def _is_within(one: MinedStructure, spans: Mapping[tuple[str, str], tuple[int, int]]) -> bool:
    """Return whether every occurrence of *one* lies within the lines of the same function in *spans*."""
    for at in one.occurrences:
        span = spans.get((at.path, at.function))
        if span is None or at.line < span[0] or span[1] < at.end_line:
            return False
    return True
