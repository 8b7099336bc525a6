"""A stream is a stranger's data: any event is taken in, and the answer stays within its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.providers.engine.answers import AnswerReader

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["choices", "usage", "model", "delta", "content", "finish_reason", "prompt_tokens"])
near_events = st.fixed_dictionaries(
    {}, optional={"choices": json_values | st.lists(st.dictionaries(fields, json_values)), "usage": json_values}
)


def piece(text, finish=None):
    return {"model": "m", "choices": [{"delta": {"content": text}, "finish_reason": finish}]}


def reader(**bounds):
    return AnswerReader(**{"max_pieces": 100, "max_chars": 1000, **bounds})


def test_pieces_are_joined_and_the_finish_is_noticed():
    read = reader()
    for event in (piece("def "), piece("f"), piece("", "stop")):
        read.add(event)
    assert (read.text, read.is_complete, read.is_truncated, read.model_id) == ("def f", True, False, "m")


def test_usage_is_read_and_nonsense_in_it_is_not():
    read = reader()
    read.add({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}})
    read.add({"usage": {"prompt_tokens": -1, "completion_tokens": True}})
    read.add({"usage": {"prompt_tokens": "many", "completion_tokens": 10**12}})
    assert (read.prompt_tokens, read.completion_tokens) == (5, 7)


def test_events_without_text_have_an_end():
    read = reader()
    for _ in range(3000):
        read.add({"choices": []})
    assert read.is_over


@given(st.lists(st.text(max_size=50), max_size=60), st.integers(1, 40), st.integers(1, 300))
def test_the_text_is_a_prefix_of_what_was_sent_and_within_its_bounds(texts, max_pieces, max_chars):
    read = reader(max_pieces=max_pieces, max_chars=max_chars)
    for text in texts:
        read.add(piece(text))
    assert "".join(texts).startswith(read.text)
    assert len(read.text) <= max_chars
    assert read.is_over or read.text == "".join(texts)


@given(st.lists(json_values | near_events, max_size=8))
def test_no_event_is_an_error(events):
    read = reader()
    for event in events:
        read.add(event)
    assert isinstance(read.text, str)
