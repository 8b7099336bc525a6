"""What is new about an input, beside the calls that somebody wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.domain import Domain
from apps.generation.engine.inputs import CallInput

VALUES = st.recursive(
    st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)
CALLS = st.lists(VALUES, max_size=3).map(lambda values: CallInput(tuple(values)))


@given(st.lists(CALLS, min_size=1, max_size=4), CALLS)
def test_nothing_is_new_about_a_known_call_and_more_known_calls_never_make_more_new(known, other):
    assert all(Domain(known).news(call) == 0 for call in known)
    assert Domain([*known, other]).news(other) == 0
    assert Domain(known).news(other) <= Domain(known[:1]).news(other)


@pytest.mark.parametrize(
    ("known", "call", "news"),
    [
        (([5, 9, 7], 3), ([5, 7], 2), 0),
        (([5, 9, 7], 3), ([5, 7], 1), 1),  # no longer the length of the list
        (([5, 9, 7], 3), ([5, 7], 9), 2),  # nor a place in it
        (("1100",), ("0011",), 0),
        (("1100",), ("11a0",), 1),
        (("1100",), ("",), 1),
        ((3,), (-3,), 1),
        ((3,), (2.5,), 1),
    ],
)
def test_what_an_input_does_not_share_with_known_calls_is_counted(known, call, news):
    assert Domain([CallInput(known)]).news(CallInput(call)) == news


def test_where_nothing_is_known_and_for_sessions_nothing_is_new():
    session = CallInput(steps=("c = Counter()",), expression="c.total()")
    assert Domain([]).news(CallInput((1,))) == Domain([session]).news(CallInput((1,))) == 0
    assert Domain([CallInput((1,))]).news(session) == 0
