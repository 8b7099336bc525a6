"""
Python values as strict, bounded JSON, and back, without loss.

Plain data (None, bool, int, float, str, list, dict with string keys) stays plain. What JSON lacks travels as a tag:
``{"$t": "tuple", "v": [...]}``, likewise ``set``, ``frozenset``, ``bytes`` (base64), ``complex`` ([real, imaginary]),
``float`` ("inf", "-inf", "nan") and ``dict`` ([[key, value], ...]), which also carries a dict that holds the key
``$t`` itself. Types are exact: an instance of a subclass has no representation.

``dumps`` runs in the process of the untrusted code. It calls nothing that this code can replace by patching a module,
and a forged text is still only a value.
"""

from __future__ import annotations

import binascii
import builtins
import json
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring_ascii
from typing import Any

# Functions below look names up in this copy: code that patches the builtins does not reach them.
globals()["__builtins__"] = dict(vars(builtins))

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_TEXT = 1 << 20
MAX_INT_BITS = 13_000
# Commas and brackets are not counted as text.
MAX_WRITTEN = MAX_TEXT + 4 * MAX_NODES
MAX_EQUAL_HASHES = 64
MAX_NAME = 200
TAG = "$t"

_int_text: Callable[[int], str] = int.__repr__
_float_text: Callable[[float], str] = float.__repr__
_int_bits: Callable[[int], int] = int.bit_length
_str_text: Callable[[str], str] = encode_basestring_ascii
_to_base64 = binascii.b2a_base64
_raw_name = type.__dict__["__name__"].__get__
_SPECIAL_FLOATS = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


class Unrepresentable(Exception):
    """The value has no exact representation, or it is too large or too deep."""


class Malformed(ValueError):
    """The text is not what ``dumps`` writes."""


def dumps(value: object) -> str:
    """
    Return the canonical text of a value; sets are sorted, dicts keep their order.

    :raises Unrepresentable: see the class.
    """
    out: list[str] = []
    _write(value, out.append, [MAX_NODES, MAX_TEXT], MAX_DEPTH)
    return "".join(out)


def parts_count(value: object) -> int:
    """
    Return of how many parts a value consists: itself, its items, their items.

    :raises Unrepresentable: see the class.
    """
    budget = [MAX_NODES, MAX_TEXT]
    _write(value, lambda text: None, budget, MAX_DEPTH)
    return MAX_NODES - budget[0]


def _spend(budget: list[int], text: str) -> str:
    budget[1] -= len(text)
    if budget[1] < 0:
        raise Unrepresentable("value is larger than 1 MB")
    return text


def _write(value: Any, put: Callable[[str], None], budget: list[int], depth: int) -> None:
    budget[0] -= 1
    if budget[0] < 0:
        raise Unrepresentable("value has more than 100000 parts")
    if depth < 0:
        raise Unrepresentable("value is nested more than 64 deep")
    kind = type(value)
    if value is None:
        put(_spend(budget, "null"))
    elif value is True:
        put(_spend(budget, "true"))
    elif value is False:
        put(_spend(budget, "false"))
    elif kind is int:
        if _int_bits(value) > MAX_INT_BITS:
            raise Unrepresentable("int of more than 13000 bits")
        put(_spend(budget, _int_text(value)))
    elif kind is str:
        if len(value) > MAX_TEXT:
            raise Unrepresentable("value is larger than 1 MB")
        put(_spend(budget, _str_text(value)))
    elif kind is float:
        _write_float(value, put, budget)
    else:
        _write_container(value, kind, put, budget, depth)


def _write_float(value: float, put: Callable[[str], None], budget: list[int]) -> None:
    text = _float_text(value)
    if text in _SPECIAL_FLOATS:
        text = '{"$t":"float","v":"' + text + '"}'
    put(_spend(budget, text))


def _write_container(value: Any, kind: type, put: Callable[[str], None], budget: list[int], depth: int) -> None:
    if kind is list:
        _write_items(value, put, budget, depth)
    elif kind is dict:
        _write_dict(value, put, budget, depth)
    elif kind is tuple:
        put(_spend(budget, '{"$t":"tuple","v":'))
        _write_items(value, put, budget, depth)
        put("}")
    elif kind is set or kind is frozenset:
        put(_spend(budget, '{"$t":"set","v":[' if kind is set else '{"$t":"frozenset","v":['))
        put(",".join(sorted(_text(item, budget, depth - 1) for item in value)))
        put("]}")
    elif kind is bytes:
        if len(value) > MAX_TEXT:
            raise Unrepresentable("value is larger than 1 MB")
        put(_spend(budget, '{"$t":"bytes","v":"' + _to_base64(value, newline=False).decode("ascii") + '"}'))
    elif kind is complex:
        put(_spend(budget, '{"$t":"complex","v":['))
        _write_float(value.real, put, budget)
        put(",")
        _write_float(value.imag, put, budget)
        put("]}")
    else:
        raise Unrepresentable(type_name(kind))


def _text(value: object, budget: list[int], depth: int) -> str:
    out: list[str] = []
    _write(value, out.append, budget, depth)
    return "".join(out)


def _write_items(value: Any, put: Callable[[str], None], budget: list[int], depth: int) -> None:
    put(_spend(budget, "["))
    comma = False
    for item in value:
        if comma:
            put(",")
        comma = True
        _write(item, put, budget, depth - 1)
    put("]")


def _write_dict(value: dict[object, object], put: Callable[[str], None], budget: list[int], depth: int) -> None:
    plain = True
    for key in value:
        if type(key) is not str or key == TAG:
            plain = False
            break
    put(_spend(budget, "{" if plain else '{"$t":"dict","v":['))
    comma = False
    for key, item in value.items():
        if comma:
            put(",")
        comma = True
        if not plain:
            put("[")
        _write(key, put, budget, depth - 1)
        put(":" if plain else ",")
        _write(item, put, budget, depth - 1)
        if not plain:
            put("]")
    put("}" if plain else "]}")


def type_name(kind: type) -> str:
    """Return the real name of a type, whatever its metaclass claims."""
    name: str = _raw_name(kind)
    return name[:MAX_NAME]


def loads(text: str | bytes) -> Any:
    """
    Return the value of a text that ``dumps`` wrote.

    :raises Malformed: it did not, for instance because the untrusted code wrote it.
    """
    return unpack(parse(text))


def parse(text: str | bytes) -> Any:
    """
    Parse strict JSON: no duplicate keys, no NaN, bounded depth.

    :raises Malformed: the text is not such JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error) or "nested too deeply") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("an object names a key twice")
    return result


def _no_constant(name: str) -> Any:
    raise Malformed(f"{name} is not JSON")


def unpack(data: Any) -> Any:
    """
    Turn parsed JSON into the value it stands for.

    :raises Malformed: a tag is unknown or does not hold what it must.
    """
    return _unpack(data, MAX_DEPTH + 1)


def _unpack(data: Any, depth: int) -> Any:
    if depth < 0:
        raise Malformed("nested too deeply")
    if isinstance(data, list):
        return [_unpack(item, depth - 1) for item in data]
    if not isinstance(data, dict):
        if isinstance(data, float) and data in (_SPECIAL_FLOATS["inf"], _SPECIAL_FLOATS["-inf"]):
            raise Malformed("a number is out of range")
        return data
    if TAG not in data:
        return {key: _unpack(item, depth - 1) for key, item in data.items()}
    if set(data) != {TAG, "v"} or not isinstance(data[TAG], str) or data[TAG] not in _READERS:
        raise Malformed("unknown tag")
    return _READERS[data[TAG]](data["v"], depth)


def _items(data: Any, depth: int) -> list[Any]:
    if not isinstance(data, list):
        raise Malformed("a tag lacks its list")
    return [_unpack(item, depth - 1) for item in data]


def _read_tuple(data: Any, depth: int) -> tuple[Any, ...]:
    return tuple(_items(data, depth))


def _check_hashes(items: Iterable[Any]) -> None:
    """
    Refuse keys whose hashes were chosen to be equal: a set of n such numbers takes n * n steps, during which no other
    thread gets a turn.
    """
    hashes = sorted(map(hash, items))
    if any(first == later for first, later in zip(hashes, hashes[MAX_EQUAL_HASHES:], strict=False)):
        raise Malformed("too many keys have the same hash")


def _read_set(data: Any, depth: int) -> set[Any]:
    items = _items(data, depth)
    try:
        _check_hashes(items)
        result = set(items)
    except TypeError as error:
        raise Malformed("a set holds something unhashable") from error
    if len(result) != len(items):
        raise Malformed("a set holds something twice")
    return result


def _read_frozenset(data: Any, depth: int) -> frozenset[Any]:
    return frozenset(_read_set(data, depth))


def _read_bytes(data: Any, depth: int) -> bytes:
    if not isinstance(data, str):
        raise Malformed("bytes are not text")
    try:
        return binascii.a2b_base64(data.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise Malformed("bytes are not base64") from error


def _read_float(data: Any, depth: int) -> float:
    if not isinstance(data, str) or data not in _SPECIAL_FLOATS:
        raise Malformed("unknown float")
    return float(data)  # a new object: two NaNs in one set are two elements


def _read_complex(data: Any, depth: int) -> complex:
    parts = _items(data, depth)
    if len(parts) != 2 or not all(type(part) is float for part in parts):
        raise Malformed("a complex number needs two floats")
    return complex(parts[0], parts[1])


def _read_dict(data: Any, depth: int) -> dict[Any, Any]:
    if not isinstance(data, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in data):
        raise Malformed("a dict is not a list of pairs")
    pairs = [(_unpack(key, depth - 1), _unpack(item, depth - 1)) for key, item in data]
    try:
        _check_hashes(key for key, _ in pairs)
        result = dict(pairs)
    except TypeError as error:
        raise Malformed("a dict has an unhashable key") from error
    if len(result) != len(data):
        raise Malformed("a dict names a key twice")
    return result


_READERS: dict[str, Callable[[Any, int], Any]] = {
    "tuple": _read_tuple,
    "set": _read_set,
    "frozenset": _read_frozenset,
    "bytes": _read_bytes,
    "complex": _read_complex,
    "float": _read_float,
    "dict": _read_dict,
}
