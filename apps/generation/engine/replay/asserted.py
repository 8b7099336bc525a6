"""
What a person shows by a line of ``assert``, as an input to run.

Most lines compare a call of literals with a literal. Any other, such as ``math.isclose(area(2), 12.566)`` or
``set(common(...)) == {1, 2}``, is a session: what stands before the assertion are its steps, and its value must be
true. ``with pytest.raises(ValueError): area(-1)`` says what must be raised. The calls of the entry inside such a line
show what kind of arguments the code is for.
"""

from __future__ import annotations

import ast
import builtins
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.specification.literals import literal_of
from apps.generation.engine.values import Unrepresentable

# Names that people write in assertions without saying where they come from.
_HOMES = {
    **dict.fromkeys(("Counter", "OrderedDict", "defaultdict", "deque"), "collections"),
    **dict.fromkeys(("date", "datetime", "timedelta"), "datetime"),
    **dict.fromkeys(("inf", "isclose", "nan", "pi"), "math"),
    "Decimal": "decimal",
    "Fraction": "fractions",
}
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, Unrepresentable)


def plain_input(item: Mapping[str, Any], entry: str, origin: InputOrigin) -> PoolInput | None:
    """Return the input of a call of *entry* with literal arguments and a literal result; None for any other."""
    if not item.get("call") or not item.get("expected"):
        return None
    try:
        call = _literal_call(ast.parse(item["call"].strip(), mode="eval").body, entry)
        expected = _literal(item["expected"])
    except _UNREADABLE:
        return None
    return None if call is None else PoolInput(call, origin, expected, 1 + math.log(item.get("n") or 1))


def session_input(item: Mapping[str, Any], entry: str) -> PoolInput | None:
    """
    Return the example of an assertion that is more than a literal call; None where it cannot be run.

    A name that nobody defines, but for the entry, makes that impossible: it would fail those who are right.
    """
    try:
        steps, expression, expected = _session(item)
        uses = _imports([*map(ast.parse, steps), ast.parse(expression)], entry)
    except _UNREADABLE:
        return None
    if uses is None or entry not in _loaded(ast.parse(expression)):
        return None
    return PoolInput(CallInput(steps=(*uses, *steps), expression=expression), InputOrigin.EXAMPLE, expected)


def calls_shown(item: PoolInput, entry: str) -> list[CallInput]:
    """Return the calls of *entry* with literal arguments that an example is or holds."""
    if not item.call.is_session:
        return [item.call]
    lines = "\n".join((*item.call.steps, item.call.expression))
    return [call for node in ast.walk(ast.parse(lines)) if (call := _readable_call(node, entry)) is not None]


def _session(item: Mapping[str, Any]) -> tuple[tuple[str, ...], str, Expected]:
    """
    Return steps, expression and what it must give.

    :raises ValueError: the item holds no assertion.
    """
    if item.get("call") and item.get("expected"):
        try:
            return (), item["call"].strip(), _literal(item["expected"])
        except _UNREADABLE:
            return (), f"bool(({item['call'].strip()}) == ({item['expected'].strip()}))", Expected(True)
    *before, last = ast.parse(item.get("assert_line") or "").body or [ast.Pass()]
    steps = tuple(map(ast.unparse, before))
    if isinstance(last, ast.Assert):
        return steps, f"bool({ast.unparse(last.test)})", Expected(True)
    raised, expression = _raised(last)
    return steps, expression, Expected(raises=raised)


def _raised(statement: ast.stmt) -> tuple[str, str]:
    """
    Return exception and expression of ``with pytest.raises(ValueError): f(-1)``.

    :raises ValueError: it is another statement.
    """
    match statement:
        case ast.With(
            items=[
                ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr="raises"), args=[ast.Name(id=name), *_]))
            ],
            body=[ast.Expr(value=value)],
        ):
            return name, ast.unparse(value)
    raise ValueError("Its last line asserts nothing.")


def _imports(trees: list[ast.Module], entry: str) -> tuple[str, ...] | None:
    """Return what has to be imported for the names in *trees*, None where one of them is nobody's."""
    bound = {name for tree in trees for name in _bound(tree)}
    modules = {name for tree in trees for name in _modules(tree)}
    found = []
    for name in sorted({name for tree in trees for name in _loaded(tree)} - bound - {entry} - set(dir(builtins))):
        if name in modules:
            found.append(f"import {name}")
        elif name in _HOMES:
            found.append(f"from {_HOMES[name]} import {name}")
        else:
            return None
    return tuple(found)


def _loaded(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def _modules(tree: ast.AST) -> Iterator[str]:
    """Give the modules of the standard library that something is taken from."""
    for node in ast.walk(tree):
        taken_from = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(taken_from, ast.Name) and taken_from.id in sys.stdlib_module_names:
            yield taken_from.id


def _literal(text: str) -> Expected:
    return Expected(literal_of(ast.parse(text.strip(), mode="eval").body))


def _readable_call(node: ast.AST, entry: str) -> CallInput | None:
    try:
        return _literal_call(node, entry)
    except _UNREADABLE:
        return None


def _literal_call(node: ast.AST, entry: str) -> CallInput | None:
    """
    Return the call of *entry* that *node* is, None where it is something else.

    :raises ValueError: an argument is no literal.
    :raises Unrepresentable: an argument has no plain form.
    """
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != entry:
        return None
    keywords = {word.arg: literal_of(word.value) for word in node.keywords if word.arg}
    call = CallInput(tuple(literal_of(argument) for argument in node.args), keywords)
    input_key(call)
    return call
