"""Further answers: only where they are needed, only from whom has room, corrections only of one's own."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.rounds import Tried, Wish, further_answers, is_convincing

PROGRAMS = st.lists(
    st.builds(
        Tried,
        id=st.integers(0, 99).map(str),
        author=st.sampled_from(["small", "large", None]),
        passed=st.integers(0, 2),
        examples=st.just(2),
        behaviour=st.sampled_from("abc"),
        voters=st.integers(1, 3),
        was_shown=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)
ROOM = st.dictionaries(st.sampled_from(["small", "large", "other"]), st.integers(0, 6))


def test_two_that_meet_the_examples_and_behave_alike_are_enough() -> None:
    alike = [Tried("1", "small", 2, 2, "a"), Tried("2", "large", 2, 2, "a"), Tried("3", None, 1, 2, "b")]
    assert further_answers(alike, {"small": 6, "large": 6}) == []


def test_where_somebody_who_meets_them_differs_it_takes_three() -> None:
    against = Tried("3", None, 2, 2, "b")
    two = [Tried("1", "small", 2, 2, "a"), Tried("2", "large", 2, 2, "a"), against]
    assert further_answers(two, {"large": 6}) == [Wish("large"), Wish("large")]
    assert further_answers([*two, Tried("4", "small", 2, 2, "a")], {"large": 6}) == []


def test_a_copy_is_a_voter_and_a_lone_program_is_not_enough() -> None:
    assert is_convincing([Tried("1", "small", 2, 2, "a", voters=2)])
    assert not is_convincing([Tried("1", "small", 2, 2, "a")])


def test_where_those_who_meet_the_examples_are_divided_fresh_answers_are_asked_for() -> None:
    divided = [Tried("1", "small", 2, 2, "a", 2), Tried("2", "large", 2, 2, "b", 2)]
    assert further_answers(divided, {"large": 6, "small": 1}) == [Wish("large"), Wish("large"), Wish("small")]


def test_where_nobody_meets_the_examples_each_corrects_the_best_of_its_own_once() -> None:
    failing = [Tried("1", "small", 0, 2, "a"), Tried("2", "small", 1, 2, "b"), Tried("3", "large", 1, 2, "b")]
    assert further_answers(failing, {"small": 6, "large": 6}) == [
        Wish("large", "3"),
        Wish("large"),
        Wish("small", "2"),
        Wish("small"),
    ]
    shown = [Tried("3", "large", 1, 2, "b", was_shown=True)]
    assert further_answers(shown, {"large": 6}) == [Wish("large"), Wish("large")]


def test_without_a_program_fresh_answers_are_asked_for() -> None:
    assert further_answers([], {"small": 1}) == [Wish("small")]


@given(tried=PROGRAMS, room=ROOM)
def test_nobody_is_asked_for_more_than_its_room_or_about_what_is_not_its_own(
    tried: list[Tried], room: dict[str, int]
) -> None:
    wishes = further_answers(tried, room)
    own = {one.id: one for one in tried}
    assert all(count <= min(2, room[provider]) for provider, count in Counter(w.provider for w in wishes).items())
    for wish in wishes:
        if wish.repairs:
            repaired = own[wish.repairs]
            assert repaired.author == wish.provider
            assert repaired.passed < repaired.examples
            assert not repaired.was_shown


@given(tried=PROGRAMS, room=ROOM)
def test_what_convinces_costs_nothing_more_and_what_does_not_is_asked_while_there_is_room(
    tried: list[Tried], room: dict[str, int]
) -> None:
    wishes = further_answers(tried, room)
    assert bool(wishes) == (not is_convincing(tried) and any(room.values()))


@given(tried=PROGRAMS)
def test_a_program_that_fails_an_example_convinces_nobody(tried: list[Tried]) -> None:
    whole = [one for one in tried if one.passed == one.examples]
    assert is_convincing(tried) == is_convincing(whole)
