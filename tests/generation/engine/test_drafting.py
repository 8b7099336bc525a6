"""Which texts of a draft are worth keeping, and how many."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.drafting import EVERY, MOST_KEPT, LineChange, is_cut, is_due, line_change, surplus

MOMENT = datetime(2026, 12, 1, tzinfo=UTC)
SENTENCES = [f"Sentence {number} says what the function does with its values." for number in range(12)]
TEXT = "\n".join(SENTENCES)


@pytest.mark.parametrize(
    ("after", "is_much"),
    [
        ("", True),
        ("Something else entirely.", True),
        ("\n".join(SENTENCES[:7]), True),
        ("\n".join(SENTENCES[:10]), False),
        ("\n".join(reversed(SENTENCES)), False),
        (f"{TEXT}\nAnd more.", False),
    ],
)
def test_much_is_gone_when_a_third_of_the_words_is(after: str, is_much: bool) -> None:
    assert is_cut(TEXT, after) is is_much


def test_of_a_sentence_nothing_much_can_go() -> None:
    assert not is_cut("Add two numbers and return their sum.", "")


def test_a_version_is_due_ten_minutes_after_the_last() -> None:
    assert not is_due(last=MOMENT, moment=MOMENT + EVERY - timedelta(seconds=1))
    assert is_due(last=MOMENT, moment=MOMENT + EVERY)


def test_a_change_counts_lines_that_came_and_went_and_none_that_moved() -> None:
    assert line_change("a\nb\nc\n", "c\na\nd\ne\n") == LineChange(added=2, removed=1)
    assert line_change("", "a\nb") == LineChange(added=2, removed=0)
    assert line_change("a", "a\n") == LineChange(added=0, removed=0)


def test_long_texts_are_compared_at_once() -> None:
    text = "word " * 20_000 + "\n" * 100_000
    started = time.process_time()
    assert is_cut(text, text[50_000:])
    line_change(text, text[50_000:])
    assert time.process_time() - started < 1.0


histories = st.lists(st.booleans(), max_size=3 * MOST_KEPT).map(lambda sent: list(enumerate(sent, start=1)))


@given(histories)
def test_no_more_than_fifty_stay_and_no_fewer_than_can(kept: list[tuple[int, bool]]) -> None:
    assert len(kept) - len(surplus(kept)) == min(len(kept), MOST_KEPT)


@given(histories)
def test_the_first_and_the_newest_stay_and_the_oldest_between_go_first(kept: list[tuple[int, bool]]) -> None:
    gone = set(surplus(kept))
    assert not gone & {1, len(kept)}
    for sent in (False, True):
        between = [number for number, was_sent in kept[1:-1] if was_sent is sent]
        went = [number for number in between if number in gone]
        assert went == between[: len(went)]
        assert not sent or not went or gone >= {number for number, was_sent in kept[1:-1] if not was_sent}
