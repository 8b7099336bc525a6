"""
Values of JavaScript as strict, bounded JSON, and as plain Python.

What both languages have stays plain: null, true, a number (an int where it is a whole one up to 2**53, else a float),
text, a list, a dict with text for keys. What Python lacks becomes a :class:`Foreign`: undefined, a BigInt, a Map, a
Set, a Date, a regular expression, a typed array. ``harness.cjs`` reads and writes the same text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from apps.core.foreign import Foreign
from apps.sandbox.engine.codec import MAX_DEPTH, MAX_NODES, Malformed, Unrepresentable

_EXACT = 2**53
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def foreign_dumps(value: object) -> str:
    """
    Return the text of an argument; tuples become arrays.

    :raises Unrepresentable: it has no form in JavaScript, or is too large or too deep.
    """
    return json.dumps(_packed(value, MAX_DEPTH, [MAX_NODES]), ensure_ascii=True)


def _packed(value: object, depth: int, budget: list[int]) -> object:
    budget[0] -= 1
    if depth < 0 or budget[0] < 0:
        raise Unrepresentable("value is too large or too deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else _packed(_as_float(value), depth, budget)
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return _tagged("float", "nan" if math.isnan(value) else "inf" if value > 0 else "-inf")
    if isinstance(value, (list, tuple)):
        return [_packed(item, depth - 1, budget) for item in value]
    if isinstance(value, dict):
        pairs = [[str(key), _packed(item, depth - 1, budget)] for key, item in value.items()]
        return _tagged("dict", pairs)
    if isinstance(value, Foreign):
        return _packed_foreign(value, depth, budget)
    raise Unrepresentable(f"{type(value).__name__} has no form in JavaScript")


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _packed_foreign(value: Foreign, depth: int, budget: list[int]) -> object:
    def inner(item: object) -> object:
        return _packed(item, depth - 1, budget)

    content = value.content
    if value.kind == "undefined":
        return _tagged("undefined", None)
    if value.kind == "bigint" and isinstance(content, int):
        return _tagged("bigint", f"{content:x}")
    if value.kind == "date":
        return _tagged("date", inner(content))
    if value.kind == "regexp" and isinstance(content, tuple):
        return _tagged("regexp", list(content))
    if value.kind == "map" and isinstance(content, tuple):
        return _tagged("map", [[inner(key), inner(item)] for key, item in content])
    if value.kind == "set" and isinstance(content, tuple):
        return _tagged("set", [inner(item) for item in content])
    if value.kind in Foreign.TYPED and isinstance(content, tuple):
        return _tagged("typed", [value.kind, [inner(item) for item in content]])
    raise Unrepresentable(f"{value.kind} has no form in JavaScript")


def _tagged(tag: str, content: object) -> dict[str, object]:
    return {"$t": tag, "v": content}


def foreign_unpack(data: Any) -> tuple[Any, int]:
    """
    Turn parsed JSON into the value that it stands for, and say of how many parts it consists.

    :raises Malformed: it is not what the harness writes, or beyond its bounds.
    """
    budget = [MAX_NODES]
    value = _unpacked(data, MAX_DEPTH + 1, budget)
    return value, MAX_NODES - budget[0]


def _unpacked(data: Any, depth: int, budget: list[int]) -> Any:
    budget[0] -= 1
    if depth < 0 or budget[0] < 0:
        raise Malformed("too large or nested too deeply")
    if isinstance(data, list):
        return [_unpacked(item, depth - 1, budget) for item in data]
    if isinstance(data, dict):
        if "$t" not in data:
            return {key: _unpacked(item, depth - 1, budget) for key, item in data.items()}
        if set(data) != {"$t", "v"} or not isinstance(data["$t"], str) or data["$t"] not in _READERS:
            raise Malformed("unknown tag")
        return _READERS[data["$t"]](data["v"], depth - 1, budget)
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) > _EXACT:
        raise Malformed("a number that JavaScript does not have")
    if isinstance(data, float) and not math.isfinite(data):
        raise Malformed("a number is out of range")
    return data


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise Malformed("a tag lacks its list")
    return data


def _pairs(data: Any) -> list[list[Any]]:
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in _list(data)):
        raise Malformed("not a list of pairs")
    pairs: list[list[Any]] = data
    return pairs


def _undefined(data: Any, depth: int, budget: list[int]) -> Foreign:
    if data is not None:
        raise Malformed("undefined holds nothing")
    return Foreign("undefined")


def _bigint(data: Any, depth: int, budget: list[int]) -> Foreign:
    try:
        return Foreign("bigint", int(data, 16))
    except (TypeError, ValueError) as error:
        raise Malformed("a BigInt is no number") from error


def _float(data: Any, depth: int, budget: list[int]) -> float:
    if not isinstance(data, str) or data not in _FLOATS:
        raise Malformed("unknown float")
    return float(data)


def _date(data: Any, depth: int, budget: list[int]) -> Foreign:
    time = _unpacked(data, depth, budget)
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise Malformed("a Date is no number")
    return Foreign("date", time)


def _regexp(data: Any, depth: int, budget: list[int]) -> Foreign:
    if len(_list(data)) != 2 or not all(isinstance(part, str) for part in data):
        raise Malformed("a regular expression is two texts")
    return Foreign("regexp", tuple(data))


def _map(data: Any, depth: int, budget: list[int]) -> Foreign:
    return Foreign(
        "map", tuple((_unpacked(k, depth, budget), _unpacked(item, depth, budget)) for k, item in _pairs(data))
    )


def _set(data: Any, depth: int, budget: list[int]) -> Foreign:
    return Foreign("set", tuple(_unpacked(item, depth, budget) for item in _list(data)))


def _typed(data: Any, depth: int, budget: list[int]) -> Foreign:
    if len(_list(data)) != 2 or data[0] not in Foreign.TYPED:
        raise Malformed("unknown typed array")
    return Foreign(data[0], tuple(_unpacked(item, depth, budget) for item in _list(data[1])))


def _dict(data: Any, depth: int, budget: list[int]) -> dict[str, Any]:
    pairs = _pairs(data)
    if not all(isinstance(key, str) for key, _ in pairs):
        raise Malformed("a key is no text")
    result = {key: _unpacked(item, depth, budget) for key, item in pairs}
    if len(result) != len(pairs):
        raise Malformed("an object names a key twice")
    return result


_READERS: dict[str, Callable[[Any, int, list[int]], Any]] = {
    "undefined": _undefined,
    "bigint": _bigint,
    "float": _float,
    "date": _date,
    "regexp": _regexp,
    "map": _map,
    "set": _set,
    "typed": _typed,
    "dict": _dict,
}
