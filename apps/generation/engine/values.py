"""
Plain Python values as JSON and back, and equality with tolerance.

Values that come out of a sandbox are compared, stored in a JSONB column and shown to people. JSON alone loses the
difference between a tuple and a list, and JSONB cannot hold NaN or the character U+0000, so what JSON has no word
for is written as an object with one ``$tag``: ``$tuple``, ``$set``, ``$frozenset``, ``$dict`` (pairs), ``$bytes``
(hexadecimal), ``$complex``, ``$float`` (its repr), ``$int`` (hexadecimal, beyond 53 bits), ``$text`` (escaped),
``$foreign`` (what only JavaScript has: its kind and its content).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from apps.core.foreign import Foreign

MAX_NODES = 200_000
MAX_DEPTH = 60
RELATIVE_TOLERANCE = 1e-9
ABSOLUTE_TOLERANCE = 1e-12
_EXACT_INT = 2**53


class Unrepresentable(ValueError):
    """The value has no plain form: an object of a class, a cycle, or something far too large."""


def encode(value: object) -> object:
    """
    Return *value* as JSON-with-tags.

    :raises Unrepresentable: see the class.
    """
    return _Encoder().encode(value, 0)


class _Encoder:
    """Counts what it has visited, so that a value that shares its parts exponentially is refused in bounded time."""

    def __init__(self) -> None:
        self.nodes = 0

    def encode(self, value: Any, depth: int) -> object:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise Unrepresentable("The value is cyclic, too deep or too large to compare.")
        kind = type(value)
        writer = _SCALARS.get(kind)
        if writer is not None:
            return writer(value)
        if kind is list:
            return [self.encode(item, depth + 1) for item in value]
        if kind is tuple:
            return {"$tuple": [self.encode(item, depth + 1) for item in value]}
        if kind is dict:
            pairs = value.items()
            return {"$dict": [[self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in pairs]}
        if isinstance(value, Foreign):
            return {"$foreign": [value.kind, self.encode(value.content, depth + 1)]}
        if kind in (set, frozenset):
            members = [self.encode(item, depth + 1) for item in value]
            return {f"${kind.__name__}": sorted(members, key=repr)}
        raise Unrepresentable(f"A value of type {kind.__name__} has no plain form.")


def _encode_int(value: int) -> object:
    return value if -_EXACT_INT <= value <= _EXACT_INT else {"$int": hex(value)}


def _encode_float(value: float) -> object:
    text = repr(value)
    # JSONB keeps 0.1 and 1.0 as they are, but turns 1e300 into an integer, -0.0 into 0 and refuses NaN.
    is_plain = math.isfinite(value) and "e" not in text and not (value == 0 and text.startswith("-"))
    return value if is_plain else {"$float": text}


def _encode_text(value: str) -> object:
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        return {"$text": value.encode("unicode_escape").decode("ascii")}
    return value


def _encode_bytes(value: bytes) -> object:
    return {"$bytes": value.hex()}


def _encode_complex(value: complex) -> object:
    return {"$complex": [repr(value.real), repr(value.imag)]}


def _unchanged(value: object) -> object:
    return value


_SCALARS: dict[type, Callable[[Any], object]] = {
    type(None): _unchanged,
    bool: _unchanged,
    int: _encode_int,
    float: _encode_float,
    str: _encode_text,
    bytes: _encode_bytes,
    complex: _encode_complex,
}


def decode(encoded: object) -> object:
    """
    Return the value that :func:`encode` wrote.

    :raises Unrepresentable: *encoded* holds a tag that nobody writes.
    """
    if isinstance(encoded, list):
        return [decode(item) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    if len(encoded) == 1:
        ((tag, content),) = encoded.items()
        reader = _READERS.get(tag)
        if reader is not None:
            return reader(content)
    raise Unrepresentable("The stored value holds an unknown tag.")


_READERS: dict[str, Callable[..., object]] = {
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$set": lambda items: {decode(item) for item in items},
    "$frozenset": lambda items: frozenset(decode(item) for item in items),
    "$dict": lambda pairs: {decode(key): decode(item) for key, item in pairs},
    "$foreign": lambda parts: Foreign(parts[0], decode(parts[1])),
    "$bytes": bytes.fromhex,
    "$complex": lambda parts: complex(float(parts[0]), float(parts[1])),
    "$float": float,
    "$int": lambda text: int(text, 16),
    "$text": lambda text: text.encode("ascii").decode("unicode_escape"),
}


def size(value: object) -> tuple[int, str]:
    """
    Return a key that orders values from simple to large: how much there is to read, then the text itself.

    :raises Unrepresentable: the value has no plain form.
    """
    text = repr(encode(value))
    return len(text), text


def same(left: object, right: object) -> bool:
    """
    Tell whether two values are equal for a caller: the same types all the way down, floats within tolerance.

    An int and a float of equal value are the same (``2 == 2.0`` surprises no caller), a bool and an int are not, a
    list and a tuple are not. NaN equals NaN. Dictionaries compare without order.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _same_number(left, right)
    if isinstance(left, complex) and isinstance(right, complex):
        return _same_number(left.real, right.real) and _same_number(left.imag, right.imag)
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, Foreign) and isinstance(right, Foreign):
        return left.kind == right.kind and same(_unordered(left), _unordered(right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    return bool(left == right)


def _unordered(value: Foreign) -> object:
    """The content of a Map or a Set in an order of its own: two are the same in whatever order they were filled."""
    if value.kind not in ("map", "set"):
        return value.content
    return sorted(value.content, key=lambda item: repr(encode(item)))


def _same_number(left: float, right: float) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    try:
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return math.isclose(left, right, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
    except OverflowError:
        return left == right
