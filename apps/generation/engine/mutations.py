"""Small changes to values and to sessions, so that fuzzed inputs stay in the domain that the examples show."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from random import Random

from apps.core.foreign import Foreign
from apps.generation.engine.specification.literals import literal_of

_EXTRA_CHARACTERS = " aZ0-_é"


def mutated(value: object, rng: Random, pool: Sequence[object]) -> object:
    """
    Return a changed copy of *value* of the same type.

    *pool* holds values seen elsewhere in the examples; characters and items are borrowed from those of equal type.
    """
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        steps = (
            value + 1,
            value - 1,
            -value,
            0,
            value * 2,
            value // 2,
            value + rng.randint(-10, 10),
            rng.randint(0, abs(value) + 5),
        )
        return rng.choice(steps) if abs(value) < 10**6 else value + rng.randint(-9, 9)
    if isinstance(value, float) and not abs(value) < 1e300:
        return rng.choice((0.0, 1.5, -value))
    if isinstance(value, float):
        return (
            rng.choice(
                (value + 1, -value, 0.0, value * 2, value / 2, round(value), round(value + rng.uniform(-5, 5), 2))
            )
            * 1.0
        )
    if isinstance(value, str):
        return _mutated_text(value, rng, [item for item in pool if isinstance(item, str)])
    if isinstance(value, bytes):
        return rng.choice((value[1:], value + b"\x00", value[::-1], b""))
    if isinstance(value, (list, tuple)):
        return type(value)(_mutated_items(list(value), rng, pool))
    if isinstance(value, (set, frozenset)):
        kept = _mutated_items(
            sorted(value, key=repr), rng, [item for item in pool if not isinstance(item, (list, dict, set))]
        )
        return type(value)(item for item in kept if _is_hashable(item))
    if isinstance(value, dict):
        return _mutated_mapping(value, rng, pool)
    return _mutated_foreign(value, rng, pool) if isinstance(value, Foreign) else value


def _mutated_foreign(value: Foreign, rng: Random, pool: Sequence[object]) -> Foreign:
    """Change what is inside; undefined and regular expressions stay what they are."""
    content = value.content
    if value.kind in ("bigint", "date"):
        return Foreign(value.kind, mutated(content, rng, pool))
    if value.kind == "set":
        return Foreign("set", _without_repeats(_mutated_items(list(content), rng, pool)))
    if value.kind == "map" and content:
        at = rng.randrange(len(content))
        key, item = content[at]
        changed = rng.choice(((), ((key, mutated(item, rng, pool)),), ((mutated(key, rng, pool), item),)))
        pairs = {repr(pair[0]): pair for pair in (*content[:at], *changed, *content[at + 1 :])}
        return Foreign("map", tuple(pairs.values()))
    if value.kind.startswith(("Uint", "Int")) and content:
        return Foreign(value.kind, tuple(rng.choice((content[::-1], content[1:], (*content, content[0])))))
    return value


def _without_repeats(items: Sequence[object]) -> tuple[object, ...]:
    return tuple({repr(item): item for item in items}.values())


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _mutated_text(text: str, rng: Random, others: Sequence[str]) -> str:
    alphabet = "".join(others) + text + _EXTRA_CHARACTERS
    at = rng.randint(0, len(text))
    choices: tuple[Callable[[], str], ...] = (
        lambda: text[:at] + rng.choice(alphabet) + text[at:],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + rng.choice(alphabet) + text[at + 1 :],
        lambda: text[::-1],
        text.swapcase,
        lambda: text + (rng.choice(others) if others else text),
        lambda: text[at:] + text[:at],
        lambda: text[: at // 2],
        lambda: "".join(rng.sample(text, len(text))),
        lambda: rng.choice(others) if others else "",
    )
    return rng.choice(choices)()[:200]


def _mutated_items(items: list[object], rng: Random, pool: Sequence[object]) -> list[object]:
    kinds = {type(item) for item in items}
    borrowed = [item for item in pool if type(item) in kinds] or items
    at = rng.randrange(len(items)) if items else 0
    action = rng.randrange(8)
    if not items:
        return [rng.choice(borrowed)] if borrowed else []
    if action == 0:
        return items[:at] + items[at + 1 :]
    if action == 1:
        return [*items[:at], rng.choice(borrowed), *items[at:]]
    if action == 2:
        return items[::-1]
    if action == 3:
        return rng.sample(items, len(items))
    if action == 4:
        return [*items, items[at]]
    if action == 5:
        return items[: rng.randint(0, len(items))]
    return [*items[:at], mutated(items[at], rng, borrowed), *items[at + 1 :]]


def _mutated_mapping(mapping: dict[object, object], rng: Random, pool: Sequence[object]) -> dict[object, object]:
    copy = dict(mapping)
    if not copy:
        return copy
    key = rng.choice(list(copy))
    action = rng.randrange(3)
    if action == 0:
        del copy[key]
    elif action == 1:
        copy[key] = mutated(copy[key], rng, pool)
    else:
        other = mutated(key, rng, pool)
        copy[other if _is_hashable(other) else key] = copy[key]
    return copy


def parts_of_values(values: Sequence[object], depth: int = 0) -> list[object]:
    """Return the values and everything inside them, up to 500, as a pool to borrow from."""
    found: list[object] = []
    for value in values:
        found.append(value)
        if depth < 4 and isinstance(value, (list, tuple, set, frozenset)):
            found += parts_of_values(
                sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value), depth + 1
            )
        elif depth < 4 and isinstance(value, dict):
            found += parts_of_values([*value.keys(), *value.values()], depth + 1)
        if len(found) > 500:
            break
    return found[:500]


def mutated_session(steps: Sequence[str], expression: str, rng: Random) -> tuple[tuple[str, ...], str]:
    """
    Return a changed session: literals altered, a step repeated, dropped or moved, the judged expression run before.

    Statements that bind names stay where they are, so that the session stays meaningful.
    """
    kept = list(steps)
    movable = [index for index, step in enumerate(kept) if not _binds(step)]
    action = rng.randrange(5)
    if action == 4:
        kept.append(expression)
    elif movable and action == 0:
        index = rng.choice(movable)
        kept.insert(index, kept[index])
    elif movable and action == 1:
        del kept[rng.choice(movable)]
    elif len(movable) > 1 and action == 2:
        first, second = rng.sample(movable, 2)
        kept[first], kept[second] = kept[second], kept[first]
    else:
        index = rng.randrange(len(kept) + 1)
        if index == len(kept):
            return tuple(kept), _with_other_literals(expression, rng)
        kept[index] = _with_other_literals(kept[index], rng)
    return tuple(kept), expression


def _binds(step: str) -> bool:
    try:
        tree = ast.parse(step)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True
    return not all(isinstance(node, ast.Expr) for node in tree.body)


class _Literals(ast.NodeTransformer):
    """Alters the literal arguments of calls."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.args = [self._altered(argument) for argument in node.args]
        return node

    def _altered(self, node: ast.expr) -> ast.expr:
        try:
            value = mutated(literal_of(node), self.rng, [])
            return ast.parse(repr(value), mode="eval").body
        except (ValueError, SyntaxError):
            return node


def _with_other_literals(source: str, rng: Random) -> str:
    try:
        return ast.unparse(_Literals(rng).visit(ast.parse(source)))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return source
