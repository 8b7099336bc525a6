"""Reads the lines in which a run hands back values: nothing in them is trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.engine import codec, foreign
from apps.sandbox.engine.runner import MAX_BASES, MAX_ERROR
from apps.sandbox.types import Value

MAX_PARTS = 10 * codec.MAX_NODES  # of all values of a run: reading them takes time outside, where others wait
MAX_LINE = 2 * codec.MAX_WRITTEN + 100  # a value and the arguments after the call
REFUSED = b'{"refused":'
Unpacked = Callable[[Any], tuple[Any, int]]  # a value, and of how many parts it consists


def opening_read(line: bytes) -> dict[str, Any]:
    """The first line is written before untrusted code runs."""
    try:
        data = codec.parse(line)
    except codec.Malformed:
        return {}
    return data if isinstance(data, dict) else {}


def values_read(data: bytes, expected: int, unpacked: Unpacked) -> tuple[tuple[Value, ...], bool]:
    """
    Read values up to the first line that is not exactly the next one; what follows such a line is not believed.

    :return: the values, and whether they kept the bounds of a run.
    """
    values: list[Value] = []
    parts = 0
    for line in data.split(b"\n", expected + 1)[:-1]:
        if len(line) > MAX_LINE:
            break
        try:
            value, size = _value_read(codec.parse(line), len(values), unpacked)
        except codec.Malformed:
            break
        parts += size
        if parts > MAX_PARTS:
            return tuple(values), False
        values.append(value)
    return (tuple(values) if len(values) <= expected else ()), True


def _value_read(entry: Any, index: int, unpacked: Unpacked) -> tuple[Value, int]:
    """Return the value, and of how many parts it consists."""
    if not isinstance(entry, dict) or type(entry.get("index")) is not int or entry["index"] != index:
        raise codec.Malformed("not the next value")
    if entry == {"index": index, "timeout": True}:
        return Value(timed_out=True), 1
    if not set(entry) <= {"index", "ok", "error", "bases", "mutated"} or ("ok" in entry) == ("error" in entry):
        raise codec.Malformed("not a value")
    mutated, mutated_parts = unpacked(entry["mutated"]) if "mutated" in entry else (None, 0)
    if mutated is not None and unpacked is foreign_bounded and isinstance(mutated, list):
        mutated = tuple(mutated)  # JavaScript has no tuples
    if mutated is not None and type(mutated) is not tuple:
        raise codec.Malformed("arguments are a tuple")
    if "ok" in entry:
        if "bases" in entry:
            raise codec.Malformed("a value is no kind of error")
        ok, parts = unpacked(entry["ok"])
        return Value(ok=ok, mutated=mutated), parts + mutated_parts
    if not isinstance(entry["error"], str) or len(entry["error"]) > 2 * MAX_ERROR:
        raise codec.Malformed("an error is a short text")
    return Value(error=entry["error"], bases=_bases_read(entry.get("bases", [])), mutated=mutated), 1 + mutated_parts


def _bases_read(names: Any) -> tuple[str, ...]:
    is_list = isinstance(names, list) and len(names) <= MAX_BASES
    if not is_list or not all(isinstance(name, str) and len(name) <= codec.MAX_NAME for name in names):
        raise codec.Malformed("the bases of an error are a few short names")
    return tuple(names)


def bounded(data: Any) -> tuple[Any, int]:
    """Unpack a value that keeps the bounds, whoever wrote it: what is accepted here can be passed on anywhere."""
    value = codec.unpack(data)
    try:
        return value, codec.parts_count(value)
    except codec.Unrepresentable as error:
        raise codec.Malformed(str(error)) from error


def foreign_bounded(data: Any) -> tuple[Any, int]:
    """The same for a value of JavaScript."""
    return foreign.foreign_unpack(data)


def refusal_of(data: bytes) -> str:
    """Return why the harness would not go on, where that is all that it says; "" where there are values."""
    if not data.startswith(REFUSED):
        return ""
    reason = opening_read(data.partition(b"\n")[0]).get("refused")
    return reason if isinstance(reason, str) else ""
