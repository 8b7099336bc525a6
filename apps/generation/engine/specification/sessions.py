"""Examples that are more than one call: statements in order, then the expression that is judged."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.generation.engine.specification.literals import literal_of
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.syntax import parsed

KNOWN_MODULES = frozenset(
    ("cmath", "collections", "datetime", "decimal", "fractions", "itertools", "math", "operator", "re", "statistics")
)


@dataclass(frozen=True, slots=True)
class CallParts:
    """A call of a plain name with literal arguments."""

    function: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]


def expression_node(source: str) -> ast.expr | None:
    """Return the node of one expression, None when *source* is not one."""
    try:
        return parsed(source.strip(), mode="eval").body
    except ValueError:
        return None


def call_parts(expression: str) -> CallParts | None:
    """Return the parts of ``f(1, [2], key="x")``, None for anything else."""
    return parts_of(expression_node(expression))


def parts_of(node: ast.expr | None) -> CallParts | None:
    """Return the parts of a call node with a plain name and literal arguments, None for anything else."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    try:
        args = tuple(literal_of(argument) for argument in node.args)
        kwargs = {keyword.arg: literal_of(keyword.value) for keyword in node.keywords if keyword.arg}
    except ValueError:
        return None
    return CallParts(node.func.id, args, kwargs)


def input_of(example: SpecExample) -> str:
    """Return a text that is the same for examples that run the same thing, however they are spaced."""
    if example.steps:
        return repr((example.steps, "".join(example.call.split())))
    return repr((example.function, example.args, sorted(example.kwargs.items())))


def session_example(
    expression: str, expected: object, raises: str | None, span: Span, steps: Sequence[str]
) -> SpecExample | None:
    """
    Return the example for *expression* after *steps*.

    An expression that stands alone, such as ``abs(f(2) - 3) < 1e-6``, is split: its first call of a name becomes the
    step ``result = f(2)``, so that a session always has at least one step. Modules of the standard library that it
    only names, as ``math.isclose(f(2), 3)`` does, are imported first. None when nothing is called at all.
    """
    node = expression_node(expression)
    if node is None:
        return None
    if not steps:
        root = _first_own_call(node)
        if root is None:
            return None
        modules = sorted({*_modules_of(node)})
        steps = (*(f"import {name}" for name in modules), f"result = {ast.unparse(root)}")
        expression = ast.unparse(_Replace(root).visit(node))
    function = _subject(steps, expression)
    if function is None:
        return None
    return SpecExample(
        expression.strip(), function, expected=expected, raises=raises, span=span, steps=tuple(s.strip() for s in steps)
    )


def _modules_of(node: ast.expr) -> Iterable[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id in KNOWN_MODULES:
            yield child.value.id


def _first_own_call(node: ast.expr) -> ast.Call | None:
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and not hasattr(builtins, child.func.id):
            return child
    return None


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.Call) -> None:
        self.target = target

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Name("result") if node is self.target else self.generic_visit(node)


def _subject(steps: Sequence[str], expression: str) -> str | None:
    """
    Return what the session exercises: the first name that is called and that no step binds.

    None when the session uses a name that nothing defines: it is a fragment, not a session.
    """
    bound: set[str] = set()
    subject: str | None = None
    for source in (*steps, expression):
        called = _only_called(source)
        unknown = names_in(source) - bound - called - bound_in(source)
        if unknown:
            return None
        subject = subject or next((name for name in _calls_in_order(source) if name not in bound), None)
        bound |= bound_in(source)
    return subject


def _calls_in_order(source: str) -> list[str]:
    calls = [n for n in ast.walk(_tree(source)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    return [n.func.id for n in calls if isinstance(n.func, ast.Name) and not hasattr(builtins, n.func.id)]


def names_in(statement: str) -> frozenset[str]:
    """Return the names that a statement mentions, the builtin ones left out."""
    return _facts(statement).named


def relevant_steps(history: Sequence[str], expression: str) -> tuple[str, ...]:
    """
    Return the statements of *history* that can matter for *expression*.

    Names that share a statement may alias each other, so relevance spreads both ways until nothing is added. Names
    that only get called (the functions and classes under test) do not connect statements.
    """
    called = {name for statement in (*history, expression) for name in _only_called(statement)}
    bound = {name for statement in history for name in bound_in(statement)}
    links = called - bound
    wanted = names_in(expression) - links
    kept: set[int] = set()
    grew = True
    while grew:
        grew = False
        for index, statement in enumerate(history):
            mentioned = names_in(statement) - links
            if index not in kept and mentioned & wanted:
                kept.add(index)
                wanted |= mentioned
                grew = True
    return tuple(statement for index, statement in enumerate(history) if index in kept)


def _only_called(statement: str) -> frozenset[str]:
    return _facts(statement).called


def bound_in(statement: str) -> frozenset[str]:
    """Return the names that a statement binds."""
    return _facts(statement).bound


@dataclass(frozen=True, slots=True)
class _Facts:
    """The names of a statement: all that it mentions, those it binds, those it calls."""

    named: frozenset[str]
    bound: frozenset[str]
    called: frozenset[str]


@lru_cache(maxsize=4096)
def _facts(statement: str) -> _Facts:
    nodes = list(ast.walk(_tree(statement)))
    names = [n for n in nodes if isinstance(n, ast.Name)]
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = {(n.asname or n.name).split(".")[0] for n in nodes if isinstance(n, ast.alias)}
    defined |= {n.name for n in nodes if isinstance(n, definitions)}
    return _Facts(
        frozenset({n.id for n in names if not hasattr(builtins, n.id)} | defined),
        frozenset({n.id for n in names if isinstance(n.ctx, ast.Store)} | defined),
        frozenset(n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)),
    )


def _tree(statement: str) -> ast.AST:
    try:
        return parsed(statement)
    except ValueError:
        return ast.Module([], [])
