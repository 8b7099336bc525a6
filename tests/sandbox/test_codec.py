"""What comes out of the sandbox: exact values, or nothing."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.engine import codec

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.binary(max_size=20)
    | st.complex_numbers()
)
hashable = st.recursive(
    scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4), max_leaves=10
)
keys = st.text(max_size=5) | st.just("$t") | hashable
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.sets(hashable, max_size=5)
        | st.frozensets(hashable, max_size=5)
        | st.dictionaries(keys, inner, max_size=5)
    ),
    max_leaves=25,
)


def same(left: Any, right: Any) -> bool:
    """Equality that also compares types, the sign of zero and NaN."""
    return codec.dumps(left) == codec.dumps(right)


@given(values)
def test_a_value_survives_the_round_trip_exactly(value: Any) -> None:
    text = codec.dumps(value)
    back = codec.loads(text)
    assert type(back) is type(value)
    assert same(back, value)


@given(values)
def test_the_text_is_standard_ascii_json(value: Any) -> None:
    text = codec.dumps(value)
    assert text.isascii()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4).filter(lambda k: k != "$t"), inner),
    max_leaves=15,
)


@given(plain)
def test_plain_data_stays_plain(value: Any) -> None:
    assert json.loads(codec.dumps(value)) == value


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused_but_never_breaks_the_reader(text: str | bytes) -> None:
    with contextlib.suppress(codec.Malformed):
        codec.loads(text)


def test_equal_looking_values_of_different_types_have_different_texts() -> None:
    texts = [codec.dumps(value) for value in (1, 1.0, True, "1", (1,), [1], {1}, frozenset({1}), b"1", 1 + 0j)]
    assert len(set(texts)) == len(texts)


def test_a_set_has_one_text_whatever_its_order() -> None:
    assert codec.dumps({"b", "a", "c"}) == codec.dumps({"c", "b", "a"})


def test_negative_zero_and_nan_survive() -> None:
    assert math.copysign(1, codec.loads(codec.dumps(-0.0))) == -1
    assert math.isnan(codec.loads(codec.dumps(math.nan)))


class Int(int):
    pass


class List(list[int]):
    pass


class Str(str):
    __slots__ = ()


@pytest.mark.parametrize("value", [Int(1), List(), Str("x"), object(), range(3), bytearray(b"x"), {"a": Int(1)}, int])
def test_a_subclass_or_another_type_has_no_representation(value: object) -> None:
    with pytest.raises(codec.Unrepresentable):
        codec.dumps(value)


def test_a_metaclass_cannot_give_a_type_another_name() -> None:
    class Meta(type):
        __name__ = "int"

    class Fake(metaclass=Meta):
        pass

    assert codec.type_name(Fake) == "Fake"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * (2 << 20),
        lambda: b"x" * (2 << 20),
        lambda: [0] * 200_000,
        lambda: 1 << 20_000,
        lambda: nested(100),
        lambda: nested(100_000),
    ],
    ids=["text", "bytes", "parts", "int", "depth", "great depth"],
)
def test_what_is_too_large_or_too_deep_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(codec.Unrepresentable):
        codec.dumps(make())


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(codec.Unrepresentable):
        codec.dumps(loop)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "1e999",
        '{"a":1,"a":2}',
        '{"$t":"object","v":[]}',
        '{"$t":"tuple"}',
        '{"$t":"tuple","v":[],"x":1}',
        '{"$t":"tuple","v":"ab"}',
        '{"$t":"set","v":[1,1]}',
        '{"$t":"set","v":[[]]}',
        '{"$t":"bytes","v":"%%%"}',
        '{"$t":"float","v":"1.5"}',
        '{"$t":"complex","v":[1,2]}',
        '{"$t":"dict","v":[[1]]}',
        '{"$t":"dict","v":[[1,2],[1,3]]}',
        '{"$t":["tuple"],"v":[]}',
        "[" * 100_000,
        "[" * 80 + "]" * 80,
        "9" * 5000,
    ],
)
def test_a_forged_text_is_refused(text: str) -> None:
    with pytest.raises(codec.Malformed):
        codec.loads(text)


EQUAL_HASHES = [number * ((1 << 61) - 1) for number in range(30_000)]  # hash(n) is n modulo 2 ** 61 - 1


@pytest.mark.parametrize("kind", ["set", "frozenset", "dict"])
def test_keys_chosen_to_have_equal_hashes_are_refused_at_once(kind: str) -> None:
    items: list[Any] = [[number, 0] for number in EQUAL_HASHES] if kind == "dict" else EQUAL_HASHES
    started = time.monotonic()
    with pytest.raises(codec.Malformed, match="same hash"):
        codec.loads(json.dumps({"$t": kind, "v": items}))
    assert time.monotonic() - started < 2  # building the set takes minutes, without a turn for any other thread


def test_a_few_equal_hashes_are_a_set_like_any_other() -> None:
    value = {-1, -2, *EQUAL_HASHES[:60]}
    assert codec.loads(codec.dumps(value)) == value


def test_the_parts_of_a_value_are_counted() -> None:
    assert codec.parts_count(None) == 1
    assert codec.parts_count([1, (2, 3), {"a": {4}}]) == 9
