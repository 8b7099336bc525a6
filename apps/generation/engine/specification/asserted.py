"""What statements of Python assert: ``assert``, ``pytest.raises`` and ``unittest``, with the steps it rests on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar, cast

from apps.generation.engine.specification.literals import Budget, literal_of, read_literal
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.sessions import (
    KNOWN_MODULES,
    bound_in,
    call_parts,
    names_in,
    relevant_steps,
    session_example,
)

MAX_STEPS = 40
MAX_ROUNDS = 60  # of a loop over literals, or of parameters
_EQUAL = frozenset(
    f"assert{name}Equal" for name in ("", "List", "Dict", "Tuple", "Set", "MultiLine", "Sequence")
) | frozenset({"assertIs", "assert_equal"})
_COMPARED: dict[str, type[ast.cmpop]] = {
    "assertNotEqual": ast.NotEq, "assertIn": ast.In, "assertNotIn": ast.NotIn, "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE, "assertLess": ast.Lt, "assertLessEqual": ast.LtE, "assertIsNot": ast.IsNot,
}  # fmt: skip
_STEPS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)
_UNKNOWN = (ast.If, ast.While, ast.Try, ast.Match, ast.AsyncWith, ast.AsyncFor, ast.Raise, ast.Return)


Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Judged:
    """An expression and what comes of it: a value, or an exception."""

    expression: ast.expr
    expected: object = None
    raises: str | None = None


class Statements:
    """
    Statements that are read one after the other.

    :param place: gives the span of a statement in the text.
    :param classes: classes that the text declares; what makes one is a session.
    :param budget: how many nodes of syntax may still be read.
    :param history: statements that ran before.
    """

    def __init__(
        self,
        place: Callable[[ast.stmt], Span],
        classes: frozenset[str],
        budget: Budget,
        history: Sequence[ast.stmt] = (),
    ) -> None:
        self._place, self._classes, self._budget = place, classes, budget
        self._history: list[str] = []
        self._values: dict[str, ast.expr] = {}
        for statement in history:
            self._remember(statement)

    def read(self, statements: Sequence[ast.stmt]) -> Iterator[SpecExample]:
        """
        Yield what *statements* assert, each with the steps that matter for it.

        It ends at the first statement whose effect is not known: a branch, a context, something awaited.
        """
        for statement in statements:
            self._budget.left -= _size(statement)
            is_awaited = any(isinstance(one, ast.Await) for one in ast.walk(statement))
            if not self._budget.spend() or isinstance(statement, _UNKNOWN) or is_awaited:
                return
            if isinstance(statement, ast.With):
                error, is_sub_test = _expected_error(statement), _last_name(_called(statement)) == "subTest"
                if error is None and not is_sub_test:
                    return
                yield from self._raising(statement, error) if error else self.read(statement.body)
            elif isinstance(statement, ast.For):
                for body in _rounds(statement):
                    yield from self.read(body)
            else:
                yield from self._simple(statement)

    def _simple(self, statement: ast.stmt) -> Iterator[SpecExample]:
        found = list(_judged(self._expanded(statement)))
        for judged in found:
            yield from self._example(judged, self._place(statement))
        if not found:
            self._remember(statement)

    def _raising(self, block: ast.With, error: str) -> Iterator[SpecExample]:
        *before, last = block.body
        for statement in before:
            self._remember(statement)
        if isinstance(last, (ast.Expr, ast.Assign)):
            yield from self._example(Judged(self._expanded(last.value), None, error), self._place(last))

    def _expanded(self, node: Node) -> Node:
        """Give *node* with literals in the place of the names they are bound to."""
        named = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in self._values]
        self._budget.left -= sum(_size(self._values[name]) for name in named)
        return put(node, self._values) if named and self._budget.left > 0 else node

    def _remember(self, statement: ast.stmt) -> None:
        if is_known_import(statement):
            self._history.append(ast.unparse(statement))
        elif isinstance(statement, _STEPS) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        ):
            source = ast.unparse(statement)
            for name in names_in(source):
                self._values.pop(name, None)
            if isinstance(statement, ast.Assign):
                self._forget(statement)
            if len(self._history) < MAX_STEPS:
                self._history.append(source)
            if isinstance(statement, ast.Assign) and _is_literal(statement.value):
                names = [one.id for one in statement.targets if isinstance(one, ast.Name)]
                self._values |= dict.fromkeys(names, statement.value)

    def _forget(self, statement: ast.Assign) -> None:
        """A name that is bound anew has nothing to do with what was done to it before, unless another shares it."""
        [target, *others] = statement.targets
        if others or not isinstance(target, ast.Name) or target.id in names_in(ast.unparse(statement.value)):
            return
        related = [one for one in self._history if target.id in names_in(one)]
        bound = frozenset().union(*map(bound_in, self._history))
        if all(names_in(one) & bound <= {target.id} for one in related):
            self._history = [one for one in self._history if one not in related]

    def _example(self, judged: Judged, span: Span) -> Iterator[SpecExample]:
        source = ast.unparse(judged.expression)
        parts = call_parts(source)
        if parts is not None and parts.function not in self._classes:
            yield SpecExample(source, parts.function, parts.args, parts.kwargs, judged.expected, judged.raises, span)
            return
        steps = relevant_steps(self._history, source)
        self._budget.left -= 3 * len(steps)
        example = session_example(source, judged.expected, judged.raises, span, steps)
        if example is not None:
            yield example
        is_step = any(isinstance(one, ast.Call) for one in ast.walk(judged.expression)) and bool(steps)
        if is_step and len(self._history) < MAX_STEPS:
            self._history.append(f"try:\n    {source}\nexcept {judged.raises}:\n    pass" if judged.raises else source)


def is_known_import(statement: ast.stmt) -> bool:
    """Tell whether a statement imports nothing but modules that an example may use."""
    if isinstance(statement, ast.Import):
        return all(one.name in KNOWN_MODULES for one in statement.names)
    return isinstance(statement, ast.ImportFrom) and statement.module in KNOWN_MODULES


class _Put(ast.NodeTransformer):
    """Put expressions in the place of names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.values[node.id] if node.id in self.values and isinstance(node.ctx, ast.Load) else node


def put(node: Node, values: Mapping[str, ast.expr]) -> Node:
    """Return a copy of *node* with *values* in the place of names."""
    return cast("Node", _Put(values).visit(deepcopy(node)))


def _size(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))


def paired(targets: Sequence[str], row: ast.expr) -> dict[str, ast.expr] | None:
    """Return what each target is given by a row; None where they are not as many."""
    if isinstance(row, ast.Call) and isinstance(row.func, ast.Attribute) and row.func.attr == "param":
        row = ast.Tuple(row.args, ast.Load()) if len(targets) > 1 else row.args[0] if row.args else row
    if len(targets) == 1:
        return {targets[0]: row}
    items = row.elts if isinstance(row, (ast.Tuple, ast.List)) else []
    return dict(zip(targets, items, strict=True)) if len(items) == len(targets) else None


def _rounds(loop: ast.For) -> Iterator[list[ast.stmt]]:
    """Give the body of a loop over literals once for each of them."""
    if not isinstance(loop.iter, (ast.List, ast.Tuple)):
        return
    target = loop.target
    names = [target] if isinstance(target, ast.Name) else target.elts if isinstance(target, ast.Tuple) else []
    targets = [one.id for one in names if isinstance(one, ast.Name)]
    for row in loop.iter.elts[:MAX_ROUNDS] if targets and len(targets) == len(names) else ():
        values = paired(targets, row)
        if values is not None:
            yield [put(one, values) for one in loop.body]


def _is_literal(node: ast.expr) -> bool:
    try:
        literal_of(node)
    except ValueError:
        return False
    return True


def _expected_error(block: ast.With) -> str | None:
    """Return the exception of ``with pytest.raises(E):`` and ``with self.assertRaises(E):``."""
    call = block.items[0].context_expr
    is_raising = _last_name(_called(block)) in ("raises", "assertRaises", "assertRaisesRegex")
    return _last_name(call.args[0]) if is_raising and isinstance(call, ast.Call) and call.args else None


def _called(block: ast.With) -> ast.expr | None:
    call = block.items[0].context_expr
    return call.func if isinstance(call, ast.Call) else None


def _last_name(node: ast.expr | None) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _judged(statement: ast.stmt) -> Iterator[Judged]:
    if isinstance(statement, ast.Assert):
        yield from judged_conditions(statement.test)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from _of_unittest(statement.value)


def _of_unittest(call: ast.Call) -> Iterator[Judged]:
    name, args = _last_name(call.func) or "", call.args
    if name == "assertRaises" and len(args) > 1 and (error := _last_name(args[0])) is not None:
        yield Judged(ast.Call(args[1], args[2:], call.keywords), None, error)
        return
    condition = _condition_of(name, call)
    if condition is not None:
        yield from judged_conditions(condition)


def _condition_of(name: str, call: ast.Call) -> ast.expr | None:
    """Return what a method of ``unittest`` asserts as a condition, None for what is no such method."""
    args = call.args
    if not name.startswith("assert") or not args:
        return None
    if name in ("assertTrue", "assert_"):
        return args[0]
    if name == "assertFalse":
        return ast.UnaryOp(ast.Not(), args[0])
    if name in ("assertIsNone", "assertIsNotNone"):
        sign = ast.Is() if name == "assertIsNone" else ast.IsNot()
        return ast.Compare(args[0], [sign], [ast.Constant(None)])
    if len(args) < 2:
        return None
    if name in _EQUAL:
        return ast.Compare(args[0], [ast.Eq()], [args[1]])
    if name in _COMPARED:
        return ast.Compare(args[0], [_COMPARED[name]()], [args[1]])
    if name == "assertIsInstance":
        return ast.Call(ast.Name("isinstance"), args[:2], [])
    if name == "assertCountEqual":
        return ast.Compare(_sorted(args[0]), [ast.Eq()], [_sorted(args[1])])
    if name == "assertAlmostEqual":
        return _close(args[0], args[1], _tolerance(call))
    return None


def _sorted(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("sorted"), [node], [])


def _tolerance(call: ast.Call) -> float:
    given = {one.arg: one.value.value for one in call.keywords if isinstance(one.value, ast.Constant)}
    places = given.get(
        "places", call.args[2].value if len(call.args) > 2 and isinstance(call.args[2], ast.Constant) else 7
    )
    delta = given.get("delta")
    if isinstance(delta, (int, float)):
        return float(delta)
    return 0.5 * 10.0 ** -min(places, 300) if isinstance(places, int) and places >= 0 else 1e-7


def _close(seen: ast.expr, wanted: ast.expr, tolerance: float) -> ast.expr:
    function = ast.Attribute(ast.Name("math"), "isclose")
    limits = [ast.keyword("rel_tol", ast.Constant(0.0)), ast.keyword("abs_tol", ast.Constant(tolerance))]
    return ast.Call(function, [seen, wanted], limits)


def judged_conditions(test: ast.expr) -> Iterator[Judged]:
    """Yield what a condition asserts; of several joined by ``and``, each."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for one in test.values:
            yield from judged_conditions(one)
        return
    approximate = _approximate(test)
    if approximate is not None:
        test = approximate
    expression, expected = judged_condition(test)
    yield Judged(ast.parse(expression, mode="eval").body, expected)


def _approximate(test: ast.expr) -> ast.expr | None:
    """``f(2) == pytest.approx(0.5)`` compares within what pytest allows without further arguments."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return None
    wanted = test.comparators[0]
    if not (isinstance(wanted, ast.Call) and _last_name(wanted.func) == "approx" and wanted.args):
        return None
    given = {one.arg: one.value for one in wanted.keywords}
    limits = [
        ast.keyword("rel_tol", given.get("rel", ast.Constant(0.0 if "abs" in given else 1e-6))),
        ast.keyword("abs_tol", given.get("abs", ast.Constant(1e-12))),
    ]
    close = ast.Attribute(ast.Name("math"), "isclose")
    number = wanted.args[0]
    if isinstance(number, (ast.List, ast.Tuple)):
        each = ast.Call(close, [ast.Name("one"), ast.Name("other")], limits)
        pairs = ast.Call(ast.Name("zip"), [test.left, number], [ast.keyword("strict", ast.Constant(True))])
        names = ast.Tuple([ast.Name("one", ast.Store()), ast.Name("other", ast.Store())], ast.Store())
        return ast.Call(ast.Name("all"), [ast.GeneratorExp(each, [ast.comprehension(names, pairs, [], 0)])], [])
    return None if isinstance(number, (ast.Dict, ast.Set)) else ast.Call(close, [test.left, number], limits)


def judged_condition(test: ast.expr) -> tuple[str, object]:
    """Return (expression, expected value) of an asserted condition; other conditions are expected to be True."""
    is_equality = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is))
    if is_equality and isinstance(test, ast.Compare):
        for left, right in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
            try:
                return ast.unparse(left), read_literal(ast.unparse(right))
            except ValueError:
                continue
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Call):
        return ast.unparse(ast.Call(ast.Name("bool"), [test.operand], [])), False
    if isinstance(test, ast.Call):
        return ast.unparse(ast.Call(ast.Name("bool"), [test], [])), True
    return ast.unparse(test), True
