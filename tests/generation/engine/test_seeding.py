"""Programs that are wrong on purpose: one place changed, and known to be a mistake."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.outcomes import Outcome, OutcomeKind
from apps.generation.engine.seeding import is_drawn, mutants, telling_input

CODE = '''def passed(points: int) -> str:
    """Tell é apart."""
    return "pass" if points >= 50 and (points + 1) > 3 else "fail"
'''
ALL = range(1, 100)


def value(of: object) -> Outcome:
    return Outcome(OutcomeKind.VALUE, of)


def test_each_mutant_differs_in_one_place_that_it_names() -> None:
    found = mutants(CODE, ALL, "a")
    assert {(one.before, one.after) for one in found} >= {(">=", ">"), ("50", "51"), ("and", "or"), ("+", "-")}
    for one in found:
        changed = [(a, b) for a, b in zip(CODE.splitlines(), one.code.splitlines(), strict=True) if a != b]
        assert len(changed) == 1
        assert one.words == f"On line 3, {one.before} became {one.after}."
        ast.parse(one.code)


def test_only_the_lines_asked_for_are_changed_in_an_order_of_the_seed() -> None:
    assert mutants(CODE, {1, 2}, "a") == []
    assert mutants(CODE, ALL, "a") == mutants(CODE, ALL, "a")
    assert mutants(CODE, ALL, "a") != mutants(CODE, ALL, "b")


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(one.code != text for one in mutants(text, ALL, ""))


def test_a_mistake_is_one_where_somebody_else_confirms_the_good_one() -> None:
    good, bad = [value(1), value(2), value(3)], [value(1), value(0), value(0)]
    assert telling_input(good, bad, [[value(1), value(5), value(3)]]) == 2
    assert telling_input(good, bad, [[value(1), value(5), value(5)]]) is None
    assert telling_input(good, bad, []) is None
    assert telling_input(good, good, [good]) is None
    unknown = Outcome(OutcomeKind.TIMEOUT)
    assert telling_input(good, [unknown] * 3, [good]) is None


@given(st.integers())
def test_nobody_is_drawn_at_zero_and_everybody_at_a_hundred(seed: int) -> None:
    assert not is_drawn(seed, 0)
    assert is_drawn(seed, 100)


def test_about_a_fifth_is_drawn_at_twenty_percent() -> None:
    assert 150 < sum(is_drawn(seed, 20) for seed in range(1000)) < 250
