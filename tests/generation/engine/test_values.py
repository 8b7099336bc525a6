"""Plain values survive storage, and equality is what a caller would call equal."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.values import Unrepresentable, decode, encode, same

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=())), st.binary()
)
hashables = st.one_of(st.integers(), st.text(max_size=4), st.tuples(st.integers(), st.text(max_size=3)))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(hashables, inner, max_size=3),
        st.sets(hashables, max_size=3),
        st.frozensets(hashables, max_size=3),
    ),
    max_leaves=12,
)


@given(values)
def test_every_plain_value_survives_json(value):
    restored = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert same(restored, value)
    assert encode(restored) == encode(value)


def test_types_are_told_apart():
    assert not same([1], (1,))
    assert not same(True, 1)
    assert not same("1", 1)
    assert same(2, 2.0)
    assert same(math.nan, math.nan)
    assert same({"a": 1, "b": [0.1 + 0.2]}, {"b": [0.3], "a": 1})


def test_what_jsonb_cannot_hold_is_written_as_text():
    assert encode(math.inf) == {"$float": "inf"}
    assert encode("a\0") == {"$text": "a\\x00"}
    assert encode(2**80) == {"$int": hex(2**80)}


@pytest.mark.parametrize("value", [object(), {"f": print}, type])
def test_objects_have_no_plain_form(value):
    with pytest.raises(Unrepresentable):
        encode(value)


def test_cycles_and_explosions_are_refused_quickly():
    loop: list[object] = []
    loop.append(loop)
    bomb: list[object] = [0]
    for _ in range(40):
        bomb = [bomb, bomb]
    for value in (loop, bomb):
        with pytest.raises(Unrepresentable):
            encode(value)


def test_unknown_tags_are_refused():
    with pytest.raises(Unrepresentable):
        decode({"$pickle": "x"})
