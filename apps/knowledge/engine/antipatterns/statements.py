"""Anti-patterns that are the shape of a statement or of an expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from apps.knowledge.engine.antipatterns.model import FUNCTIONS, AntiPattern, Module, is_constant, statements_below

_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MAKERS = {
    "list",
    "dict",
    "set",
    "bytearray",
    "collections.defaultdict",
    "collections.deque",
    "collections.OrderedDict",
}
_MONEY = re.compile(r"(?:^|_)(?:price|amount|cost|total|balance|salary|fee|tax|vat)(?:$|_)")
_SECRET = re.compile(r"(?:^|_)(?:token|secret|password|passwd|nonce|otp|session_id|api_key)(?:$|_)", re.IGNORECASE)
_CHANGES = {"append", "remove", "insert", "pop", "clear", "extend", "add", "discard", "update", "popitem", "setdefault"}


def _bare_except(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and not _raises(node):
            yield node


def _catches_everything(node: ast.ExceptHandler) -> bool:
    return node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")


def _raises(node: ast.ExceptHandler) -> bool:
    return any(isinstance(one, ast.Raise) for one in statements_below(node.body))


def _silent_except(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        match node:
            case ast.ExceptHandler(type=ast.Name(id="Exception"), body=body) if all(_is_nothing(one) for one in body):
                yield node


def _is_nothing(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Pass, ast.Continue)) or _is_remark(node)


def _is_remark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _mutable_default(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, FUNCTIONS):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                is_made = isinstance(default, ast.Call) and module.name_of(default.func) in _MAKERS
                if default is not None and (is_made or isinstance(default, _MUTABLE)):
                    yield default


def _compared_with_none(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for place, operator in enumerate(node.ops):
                is_equality = isinstance(operator, (ast.Eq, ast.NotEq))
                if is_equality and any(is_constant(side, None) for side in sides[place : place + 2]):
                    yield node
                    break


def _identity_of_value(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if _compares(node, ast.Is, ast.IsNot) and any(_is_value(side) for side in _sides(node)):
            yield node


def _compares(node: ast.AST, *operators: type[ast.cmpop]) -> bool:
    return isinstance(node, ast.Compare) and any(isinstance(one, operators) for one in node.ops)


def _sides(node: ast.AST) -> list[ast.expr]:
    return [node.left, *node.comparators] if isinstance(node, ast.Compare) else []


def _is_value(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (str, bytes, int, float, complex))
        and not (isinstance(node.value, bool))
    )


def _money_as_float(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                is_money = bool(_MONEY.search(name)) and module.name_of(annotation) == "float"
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                is_money = bool(_MONEY.search(name)) and module.name_of(annotation) == "float"
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function)):
                is_money = bool(_MONEY.search(name)) and module.name_of(function) == "float"
            case _:
                is_money = False
        if is_money:
            yield node


def _equal_floats(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if _compares(node, ast.Eq, ast.NotEq) and any(_is_fraction(side) for side in _sides(node)):
            yield node


def _is_fraction(node: ast.expr) -> bool:
    """Whole floats and halves, quarters and so on are exact and may be compared."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, float) and (value * 1024) % 1 != 0


def _changed_while_read(module: Module) -> Iterator[ast.AST]:
    for loop in module.nodes:
        if isinstance(loop, (ast.For, ast.AsyncFor)) and isinstance(loop.iter, ast.Name):
            # What is left at once after the change does no harm.
            yield from _changes(loop.body, loop.iter.id)


def _changes(body: list[ast.stmt], name: str) -> Iterator[ast.AST]:
    for place, statement in enumerate(body):
        if any(isinstance(later, (ast.Break, ast.Return, ast.Raise)) for later in body[place:]):
            return
        for inner in ("body", "orelse", "finalbody"):
            yield from _changes([one for one in getattr(statement, inner, []) if isinstance(one, ast.stmt)], name)
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=changed), attr=verb))):
                if changed == name and verb in _CHANGES:
                    yield statement
            case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=changed))]):
                if changed == name:
                    yield statement


def _returned_in_finally(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, (ast.Try, ast.TryStar)):
            yield from (one for one in statements_below(node.finalbody) if isinstance(one, ast.Return))


def _guessable_secret(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if any(_SECRET.search(name) for name in names) and any(
                isinstance(one, ast.Call) and _is_predictable(module.name_of(one.func)) for one in ast.walk(node.value)
            ):
                yield node


def _is_predictable(name: str) -> bool:
    return name.startswith("random.") and not name.startswith("random.SystemRandom")


def _asserted_argument(module: Module) -> Iterator[ast.AST]:
    for function in module.nodes:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and not function.name.startswith("test"):
            arguments = {
                one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            }
            for node in function.body:
                # Only at the beginning: there it stands for a check of what the caller gave.
                if isinstance(node, ast.Assert) and _names(node.test) & (arguments - {"self", "cls"}):
                    yield node
                elif not _is_remark(node):
                    break


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _star_import(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield node


STATEMENTS = (
    AntiPattern(
        slug="bare-except",
        name="everything caught",
        harm="Ctrl-C, the end of the process and every misspelt name are swallowed with the error that was meant.",
        looks_for="except without a type, or of BaseException, whose body does not raise.",
        fix="Name the exception that can happen here.",
        severity="high",
        trips="try:\n    value = int(text)\nexcept:\n    value = 0\n",
        instead="try:\n    value = int(text)\nexcept ValueError:\n    value = 0\n",
        rule=_bare_except,
    ),
    AntiPattern(
        slug="silent-except",
        name="error passed over in silence",
        harm="Nobody learns that it failed, or why.",
        looks_for="except Exception whose body is only pass or continue.",
        fix="Name the exception; where it really does not matter, contextlib.suppress says so.",
        severity="medium",
        trips="try:\n    send(message)\nexcept Exception:\n    pass\n",
        instead="import contextlib\n\nwith contextlib.suppress(ConnectionError):\n    send(message)\n",
        rule=_silent_except,
    ),
    AntiPattern(
        slug="mutable-default",
        name="default that is shared by all calls",
        harm="The list is made once, and each call finds what the one before left in it.",
        looks_for="A list, dict or set as the default of an argument.",
        fix="Take None, or an empty tuple, and make the list inside.",
        severity="medium",
        trips="def collect(item, into=[]):\n    into.append(item)\n    return into\n",
        instead="def collect(item, into=None):\n    return [*(into or []), item]\n",
        rule=_mutable_default,
    ),
    AntiPattern(
        slug="equal-to-none",
        name="comparison with None by ==",
        harm="== asks the object, which may answer with something else, as columns and arrays do.",
        looks_for="== None and != None.",
        fix="Write is None. In a query builder, use its own word for it.",
        severity="low",
        trips="if found == None:\n    raise LookupError\n",
        instead="if found is None:\n    raise LookupError\n",
        rule=_compared_with_none,
    ),
    AntiPattern(
        slug="identity-of-a-value",
        name="identity of a number or text",
        harm="Two equal texts may or may not be one object; it works until it does not.",
        looks_for="is and is not with a number, a text or bytes.",
        fix="Compare with ==.",
        severity="medium",
        trips='is_open = status is "open"\n',
        instead='is_open = status == "open"\n',
        rule=_identity_of_value,
    ),
    AntiPattern(
        slug="money-as-float",
        name="money as float",
        harm="0.1 + 0.2 is not 0.3, and cents are lost in long sums.",
        looks_for="Names such as price, amount, cost, total or tax that are annotated as float or made by float().",
        fix="Use Decimal, or whole cents.",
        severity="medium",
        trips='price: float = float("19.99")\n',
        instead='from decimal import Decimal\n\nprice: Decimal = Decimal("19.99")\n',
        rule=_money_as_float,
    ),
    AntiPattern(
        slug="equal-floats",
        name="fractions compared by ==",
        harm="A computed 0.3 is hardly ever the 0.3 that was written.",
        looks_for="== and != with a fraction that has no exact form.",
        fix="Use math.isclose with a tolerance that fits.",
        severity="low",
        trips="is_done = share == 0.3\n",
        instead="import math\n\nis_done = math.isclose(share, 0.3, abs_tol=1e-9)\n",
        rule=_equal_floats,
    ),
    AntiPattern(
        slug="changed-while-read",
        name="list changed while it is read",
        harm="Elements are skipped, or the loop ends with an error.",
        looks_for="A for loop over a name that changes the same name and goes on.",
        fix="Loop over a copy, or build a new list.",
        severity="medium",
        trips="for item in items:\n    if not item:\n        items.remove(item)\n",
        instead="items = [item for item in items if item]\n",
        rule=_changed_while_read,
    ),
    AntiPattern(
        slug="return-in-finally",
        name="return in finally",
        harm="It throws away the exception that is on its way, whatever it was.",
        looks_for="return inside of a finally block.",
        fix="Return after the block.",
        severity="high",
        trips="def read():\n    try:\n        return load()\n    finally:\n        return None\n",
        instead="def read():\n    try:\n        return load()\n    finally:\n        close()\n",
        rule=_returned_in_finally,
    ),
    AntiPattern(
        slug="guessable-secret",
        name="secret from a guessable source",
        harm="Who has seen a few values of random knows the next ones.",
        looks_for="Names such as token, secret or password that are made with the module random.",
        fix="Use the module secrets.",
        severity="high",
        trips='import random\n\ntoken = "".join(random.choice("0123456789abcdef") for _ in range(32))\n',
        instead="import secrets\n\ntoken = secrets.token_hex(16)\n",
        rule=_guessable_secret,
    ),
    AntiPattern(
        slug="asserted-argument",
        name="argument checked by assert",
        harm="python -O leaves it out, and callers cannot tell which mistake it was.",
        looks_for="assert about an argument at the beginning of a function that is no test.",
        fix="Raise ValueError or TypeError with a sentence.",
        severity="low",
        trips="def ratio(part, whole):\n    assert whole > 0\n    return part / whole\n",
        instead="def ratio(part, whole):\n    if whole <= 0:\n        raise ValueError\n    return part / whole\n",
        rule=_asserted_argument,
    ),
    AntiPattern(
        slug="star-import",
        name="import of everything",
        harm="Nobody can see where a name comes from, and a new version may bring one that hides yours.",
        looks_for="from … import *.",
        fix="Name what you use.",
        severity="low",
        trips="from os.path import *\n",
        instead="from os.path import join\n",
        rule=_star_import,
    ),
)
