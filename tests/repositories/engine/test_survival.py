"""Laws of the survival curve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repositories.engine.survival import Life, kaplan_meier, survival_at

lives = st.lists(st.builds(Life, st.integers(0, 60), st.booleans(), st.integers(1, 20)), max_size=30)

# Freireich and others (1963), weeks of remission with 6-MP, as printed with its curve in every textbook.
ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


def test_the_curve_of_a_published_trial():
    seen = [Life(week, True, 1) for week in ENDED] + [Life(week, False, 1) for week in CENSORED]
    steps = kaplan_meier(seen)
    assert [step.days for step in steps] == [6, 7, 10, 13, 16, 22, 23]
    assert [step.at_risk for step in steps] == [21, 17, 15, 12, 11, 7, 6]
    assert [round(step.survival, 3) for step in steps] == [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert (round(steps[0].low, 3), round(steps[0].high, 3)) == (0.620, 0.952)


@given(lives)
def test_it_falls_within_its_interval_and_between_nothing_and_all(seen):
    last = 1.0
    for step in kaplan_meier(seen):
        assert 0 <= step.low <= step.survival <= step.high <= 1
        assert step.survival < last
        last = step.survival


@given(lives)
def test_with_nobody_lost_from_view_it_is_the_share_that_still_lives(seen):
    ended = [life._replace(is_ended=True) for life in seen]
    total = sum(life.lines for life in ended)
    for step in kaplan_meier(ended):
        assert step.survival == pytest.approx(sum(one.lines for one in ended if one.days > step.days) / total)


@given(lives)
def test_how_lines_are_grouped_changes_nothing(seen):
    single = [life._replace(lines=1) for life in seen for _ in range(life.lines)]
    assert kaplan_meier(single) == kaplan_meier(seen)


@given(lives)
def test_where_nothing_ended_there_is_no_step(seen):
    assert kaplan_meier(life._replace(is_ended=False) for life in seen) == []


def test_before_the_first_end_there_is_nothing_to_read():
    steps = kaplan_meier([Life(5, True, 1), Life(9, False, 1)])
    assert survival_at(steps, 4) is None
    assert survival_at(steps, 7) == steps[0]
