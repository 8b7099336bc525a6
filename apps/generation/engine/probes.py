"""
Changes that look for a difference: constants of the candidates, values related to each other, larger and deeper ones.

Small changes to examples keep inputs in their domain; these go to where programs that agree on the examples part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

Path = tuple[int, ...]
Plain = int | float | str
Number = int | float
Flat = list[object] | tuple[object, ...]
Kind = TypeVar("Kind")
Change = Callable[[tuple[object, ...], Random, Sequence[object]], tuple[object, ...]]

_LONGEST = 40
_FLAT = (list, tuple)
_BY_ONE = (-1, 0, 0, 1)


def probed(
    args: tuple[object, ...], rng: Random, landmarks: Sequence[object], *, is_typed: bool = True
) -> tuple[object, ...]:
    """
    Return changed arguments; of equal types but that a whole number may become a fraction where they are not typed.

    *landmarks* are constants that programs mention. Arguments with nothing to change come back as they are.
    """
    changes = _CHANGES if is_typed else (*_CHANGES, _fraction)
    for _ in range(rng.choice((1, 1, 2))):
        args = rng.choice(changes)(args, rng, landmarks)
    return args


def leaves(value: object, path: Path = (), depth: int = 0) -> Iterator[tuple[Path, object]]:
    """Give everything inside lists and tuples with the way to it, the value itself first, eight levels deep."""
    yield path, value
    if isinstance(value, _FLAT) and depth < 8:
        for at, item in enumerate(value[:_LONGEST]):
            yield from leaves(item, (*path, at), depth + 1)


def replaced(value: object, path: Path, new: object) -> object:
    """Return a copy of *value* with something else at the end of the way."""
    if not path or not isinstance(value, _FLAT):
        return new
    at, *rest = path
    return type(value)([*value[:at], replaced(value[at], tuple(rest), new), *value[at + 1 :]])


def _pick(args: tuple[object, ...], rng: Random, kinds: tuple[type[Kind], ...]) -> tuple[Path, Kind] | None:
    """Choose a value that is exactly of one of the kinds: no truth value for a number."""
    found = [
        (path, value) for path, value in leaves(args) if path and isinstance(value, kinds) and type(value) in kinds
    ]
    return rng.choice(found) if found else None


def _put(args: tuple[object, ...], path: Path, new: object) -> tuple[object, ...]:
    at, *rest = path
    return (*args[:at], replaced(args[at], tuple(rest), new), *args[at + 1 :])


def _landmark(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Put a constant, or its neighbour, where something of its type is."""
    chosen: tuple[Path, Plain] | None = _pick(args, rng, (int, float, str))
    if chosen is None:
        return args
    path, old = chosen
    if isinstance(old, str):
        texts = [one for one in landmarks if isinstance(one, str)]
        return _put(args, path, _joined(old, rng.choice(texts), rng)) if texts else args
    numbers = [
        one for one in landmarks if isinstance(one, int | float) and isinstance(one, float) <= isinstance(old, float)
    ]
    return _put(args, path, type(old)(rng.choice(numbers) + rng.choice(_BY_ONE))) if numbers else args


def _joined(text: str, other: str, rng: Random) -> str:
    at = rng.randint(0, len(text))
    return rng.choice((other, text[:at] + other + text[at:], text + other, other + text))


def _related(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Make one value depend on another: a length, an item, a part of a text, or their neighbours."""
    chosen: tuple[Path, Plain] | None = _pick(args, rng, (int, float, str))
    if chosen is None:
        return args
    path, old = chosen
    others = [value for way, value in leaves(args) if way and way != path]
    if isinstance(old, str):
        texts = [one for one in others if isinstance(one, str) and one]
        return _put(args, path, _part(rng.choice(texts), rng)) if texts else args
    numbers: list[Number] = [len(one) for one in others if isinstance(one, (str, list, tuple, dict, set))]
    numbers += [one for one in others if isinstance(one, int | float) and type(one) in (int, type(old))]
    return _put(args, path, type(old)(rng.choice(numbers) + rng.choice(_BY_ONE))) if numbers else args


def _part(text: str, rng: Random) -> str:
    start = rng.randrange(len(text))
    return rng.choice((text, text[start : start + rng.randint(1, 3)]))


def _grown(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Make one value larger than any example has it."""
    chosen: tuple[Path, Plain | Flat] | None = _pick(args, rng, (int, float, str, list, tuple))
    if chosen is None:
        return args
    path, old = chosen
    if isinstance(old, str):
        parts = old.split() or [old]
        words = [rng.choice((*parts, old[::-1])) for _ in range(rng.randint(2, 5))]
        return _put(args, path, rng.choice(("", " ", " ")).join(words)[:200])
    if isinstance(old, list | tuple):
        return _put(args, path, type(old)(_longer(list(old), rng)))
    size = 10 ** rng.randint(1, 3)
    grown = old * rng.randint(2, 10) + rng.randint(0, size) if abs(old) < 10**4 else old + 1
    return _put(args, path, grown)


def _longer(items: list[object], rng: Random) -> list[object]:
    length = rng.randint(len(items), min(_LONGEST, 3 * len(items) + 3)) if len(items) < _LONGEST else len(items)
    numbers = [item for item in items if type(item) is int]
    if items and len(numbers) == len(items):
        low, high = min(numbers), max(numbers)
        return [rng.choice((rng.choice(numbers), rng.randint(low - 2, high + 2))) for _ in range(length)]
    return [rng.choice(items) for _ in range(length)] if items else []


def _repeated(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Order or repeat the items of one collection."""
    chosen: tuple[Path, Flat] | None = _pick(args, rng, (list, tuple))
    if chosen is None or not chosen[1]:
        return args
    path, old = chosen
    items = list(old)
    few = [rng.choice(items) for _ in range(2)]
    ordered = sorted(items, key=lambda one: (repr(type(one)), len(repr(one)), repr(one)))
    made = rng.choice(
        ([items[0]] * len(items), [rng.choice(few) for _ in items], ordered, ordered[::-1], items + items[::-1])
    )
    return _put(args, path, type(old)(made[:_LONGEST]))


def _deeper(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Put an item into a collection of its own where items and collections stand side by side."""
    mixed = [
        (path, value)
        for path, value in leaves(args)
        if path and isinstance(value, _FLAT) and value and any(isinstance(item, _FLAT) for item in value)
    ]
    if not mixed:
        return args
    path, old = rng.choice(mixed)
    at = rng.randrange(len(old))
    kind = type(next(item for item in old if isinstance(item, _FLAT)))
    return _put(args, (*path, at), rng.choice((kind([old[at]]), kind([]))))


def _signed(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Change the sign of one number, or of every number of the arguments."""
    numbers = [
        (path, value)
        for path, value in leaves(args)
        if path and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    for path, value in numbers if rng.random() < 0.5 else rng.sample(numbers, min(1, len(numbers))):
        args = _put(args, path, -value)
    return args


def _fraction(args: tuple[object, ...], rng: Random, landmarks: Sequence[object]) -> tuple[object, ...]:
    """Make a whole number a fraction: where nothing says which numbers are meant, either may be."""
    chosen = _pick(args, rng, (int,))
    if chosen is None:
        return args
    path, old = chosen
    return _put(args, path, old + rng.choice((0.5, 0.25, 0.0)))


_CHANGES: tuple[Change, ...] = (
    _landmark, _landmark, _landmark, _related, _related, _grown, _grown, _grown, _repeated, _repeated, _deeper, _signed,
)  # fmt: skip
