"""
Mutants of a Python text: programs that differ from it in one place, to see whether its tests notice.

The operators are the usual ones (DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978; Offutt et al., "An
Experimental Determination of Sufficient Mutant Operators", 1996). Left out is what tells nothing about tests: what no
program can see (docstrings, annotations, decorators), what nobody tests (texts of errors, logging; the "arid nodes" of
Petrović and Ivanković, "State of Mutation Testing at Google", 2018), and what fails wherever it is run (subtracting
texts, forgetting the first value of a name).
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from apps.checks.types import Unparsable
from apps.quality.engine.syntax import parse


class Operator(StrEnum):
    """What was changed."""

    COMPARISON = "comparison"
    ARITHMETIC = "arithmetic"
    BOOLEAN = "boolean"
    CONSTANT = "constant"
    RETURN = "return"
    STATEMENT = "statement"


_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
# Fields that hold what no test can see, and the words of a failed assertion.
_UNSEEN = frozenset({"decorator_list", "annotation", "returns", "type_params", "msg"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SEQUENCES = (ast.List, ast.Tuple, ast.JoinedStr, ast.ListComp)
_DECIDED = (ast.Compare, ast.BoolOp, ast.Constant)
_LOGGERS = frozenset({"log", "logger", "logging", "warnings", "LOG", "LOGGER", "_log", "_logger"})
OTHER_TEXT = "mutant"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text: where, in which function, by which operator; ``before`` and ``after`` are what was changed."""

    code: str
    line: int
    function: str
    operator: Operator
    before: str
    after: str

    def diff(self, source: str) -> str:
        """Return what changed in *source* as a unified diff without headers, one line around it."""
        rows = difflib.unified_diff(source.splitlines(), self.code.splitlines(), lineterm="", n=1)
        return "".join(f"{row}\n" for row in list(rows)[2:])


@dataclass(frozen=True, slots=True)
class Mutants:
    """Mutants in an order drawn from a seed, and how many places there were to draw from."""

    drawn: tuple[Mutant, ...]
    places: int

    @property
    def is_sample(self) -> bool:
        return len(self.drawn) < self.places


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, the one that stands there instead, and the field of its parent."""

    node: ast.expr | ast.stmt
    instead: ast.expr | ast.stmt
    operator: Operator
    function: str
    parent: ast.AST
    field: str
    index: int | None


def mutants_of(source: str, *, lines: Collection[int] | None = None, most: int, seed: int) -> Mutants:
    """
    Return at most *most* mutants of the functions of *source*, drawn with *seed*; only of *lines* where they are given.

    Each parses, differs from *source* in one node of its syntax tree, and is another program than every other one.
    ``places`` counts what could be changed: exact when all were drawn.

    :raises Unparsable: it is not Python, or nested too deeply.
    """
    tree = parse(source)
    try:
        places = [
            one
            for one in _places(tree, _Scope("", False, set()))
            if lines is None or _stands_on(one.node, frozenset(lines))
        ]
        Random(seed).shuffle(places)  # noqa: S311  an order to be repeated, not a secret
        return _drawn(source, tree, places, most)
    except RecursionError as error:
        raise Unparsable("The text is nested too deeply.") from error


def _drawn(source: str, tree: ast.Module, places: Sequence[_Place], most: int) -> Mutants:
    rows = source.encode().splitlines(keepends=True)
    homes = {id(node): at for at, home in enumerate(tree.body) for node in ast.walk(home)}
    known = {(at, ast.dump(home)) for at, home in enumerate(tree.body)}
    drawn: list[Mutant] = []
    for number, place in enumerate(places):
        if len(drawn) == most:
            return Mutants(tuple(drawn), len(drawn) + len(places) - number)
        at = homes[id(place.node)]
        wanted = _dump_with(place, tree.body[at])
        code = None if (at, wanted) in known else _written(rows, place, at, wanted)
        if code is not None:
            known.add((at, wanted))
            before, after = _shown(place.node), _shown(place.instead)
            drawn.append(Mutant(code, place.node.lineno, place.function, place.operator, before, after))
    return Mutants(tuple(drawn), len(drawn))


def _dump_with(place: _Place, home: ast.stmt) -> str:
    """Return the tree of *home* as it is once *place* is changed."""
    _put(place, place.instead)
    try:
        return ast.dump(home)
    finally:
        _put(place, place.node)


def _put(place: _Place, node: ast.AST) -> None:
    if place.index is None:
        setattr(place.parent, place.field, node)
    else:
        getattr(place.parent, place.field)[place.index] = node


def _written(rows: Sequence[bytes], place: _Place, at: int, wanted: str) -> str | None:
    """Return the changed text, with brackets only where the tree needs them; None where it cannot be written."""
    text = ast.unparse(place.instead)
    for shown in (text, f"({text})"):
        code = _spliced(rows, place.node, shown)
        try:
            if ast.dump(ast.parse(code).body[at]) == wanted:
                return code
        except (SyntaxError, ValueError, IndexError):
            continue
    return None


def _spliced(rows: Sequence[bytes], node: ast.expr | ast.stmt, text: str) -> str:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = b"".join(rows[:first]) + rows[first][: node.col_offset]
    tail = rows[last][node.end_col_offset :] + b"".join(rows[last + 1 :])
    return (head + text.encode() + tail).decode()


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _stands_on(node: ast.expr | ast.stmt, lines: frozenset[int]) -> bool:
    return not lines.isdisjoint(range(node.lineno, (node.end_lineno or node.lineno) + 1))


@dataclass(slots=True)
class _Scope:
    """Where the walk is: the dotted name, whether in a function, and the names that have a value by then."""

    name: str
    is_function: bool
    bound: set[str]


def _places(node: ast.AST, scope: _Scope) -> Iterator[_Place]:
    """Yield what can be changed below *node*, in the order of the text."""
    for field, value in ast.iter_fields(node):
        if field in _UNSEEN:
            continue
        is_list = isinstance(value, list)
        for index, child in enumerate(value if is_list else [value]):
            if isinstance(child, ast.AST) and not _is_arid(node, field, child):
                yield from _at(child, node, field, index if is_list else None, scope)


def _at(node: ast.AST, parent: ast.AST, field: str, index: int | None, scope: _Scope) -> Iterator[_Place]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        own = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
        is_function = scope.is_function or isinstance(node, _FUNCTIONS)
        yield from _places(node, _Scope(f"{scope.name}.{node.name}".lstrip("."), is_function, own))
        return
    if scope.is_function and isinstance(node, (ast.expr, ast.stmt)):
        for operator, instead in _changes(node, parent, field, scope.bound):
            yield _Place(node, instead, operator, scope.name, parent, field, index)
    yield from _places(node, scope)
    if isinstance(node, ast.stmt):
        stored = (one for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
        scope.bound.update(one.id for one in stored)


def _is_arid(parent: ast.AST, field: str, node: ast.AST) -> bool:
    """Whether nothing below *node* is worth a test: docstrings, texts of errors, logging, parts of formatted texts."""
    if isinstance(node, ast.JoinedStr):
        return True  # its parts have no reliable place in the text
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or _is_logged(node.value)
    return isinstance(parent, ast.Raise) and field == "exc" and _only_says(node)


def _only_says(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and all(isinstance(one, (ast.Constant, ast.JoinedStr)) for one in node.args)


def _is_logged(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in _LOGGERS
    )


def _changes(
    node: ast.expr | ast.stmt, parent: ast.AST, field: str, bound: Collection[str]
) -> Iterator[tuple[Operator, ast.expr | ast.stmt]]:
    if isinstance(node, ast.stmt):
        yield from _of_statement(node, bound)
        return
    if field == "test" and not isinstance(node, _DECIDED) and not _is_not(node):
        yield Operator.BOOLEAN, ast.UnaryOp(ast.Not(), node)
    yield from _of_expression(node, parent)


def _of_statement(node: ast.stmt, bound: Collection[str]) -> Iterator[tuple[Operator, ast.stmt]]:
    if isinstance(node, ast.Return):
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            is_truth = isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)
            if not is_truth:
                yield Operator.RETURN, ast.Return(ast.Constant(None))
        return
    if isinstance(node, ast.AugAssign):
        changed = _COMPUTED.get(type(node.op))
        if changed is not None and not _is_text(node.value):
            yield Operator.ARITHMETIC, ast.AugAssign(node.target, changed(), node.value)
    if _is_removable(node, bound):
        yield Operator.STATEMENT, ast.Pass()


def _is_removable(node: ast.stmt, bound: Collection[str]) -> bool:
    if isinstance(node, (ast.Raise, ast.Break, ast.Continue, ast.Delete, ast.AugAssign, ast.Assert)):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, (ast.Call, ast.Await))
    if isinstance(node, ast.Assign):
        return all(not isinstance(one, ast.Name) or one.id in bound for one in _targets(node.targets))
    return False


def _targets(nodes: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for node in nodes:
        if isinstance(node, (ast.Tuple, ast.List)):
            yield from _targets(node.elts)
        else:
            yield node.value if isinstance(node, ast.Starred) else node


def _of_expression(node: ast.expr, parent: ast.AST) -> Iterator[tuple[Operator, ast.expr]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for changed in _COMPARED[type(op)]:
                ops = [*node.ops[:at], changed(), *node.ops[at + 1 :]]
                yield Operator.COMPARISON, ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield Operator.BOOLEAN, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield Operator.BOOLEAN, node.operand
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield Operator.ARITHMETIC, node.operand
    elif isinstance(node, ast.BinOp):
        computed = _COMPUTED.get(type(node.op))
        if computed is not None and not _is_text(node.left) and not _is_text(node.right):
            yield Operator.ARITHMETIC, ast.BinOp(node.left, computed(), node.right)
    elif isinstance(node, ast.Constant) and not isinstance(parent, ast.JoinedStr):
        yield from ((Operator.CONSTANT, ast.Constant(value)) for value in _other_values(node.value))


def _other_values(value: object) -> list[bool | int | float | str]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1] if value >= 1 else [value + 1]
    if isinstance(value, float):
        return [value + 1.0]
    if isinstance(value, str):
        return ["" if value else OTHER_TEXT]
    return []


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, _SEQUENCES) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
