"""Laws of goals and of baselines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.console.engine.goals import Against, Goal, GoalState, Standing, compared, goal_state

values = st.floats(0.001, 1_000)


@st.composite
def standings(draw):
    low, value, high = sorted(draw(st.tuples(values, values, values)))
    return Standing(value, low, high)


@given(standings(), values, st.booleans())
def test_met_and_not_met_never_depend_on_the_kinder_end(standing, bound, at_least):
    goal = Goal(bound, at_least=at_least)
    state = goal_state(goal, standing)
    inside = (standing.low, standing.value, standing.high)
    keeps = [one >= bound if at_least else one <= bound for one in inside]
    assert (state is GoalState.MET) == all(keeps)
    assert (state is GoalState.NOT_MET) == (not any(keeps))


@given(standings(), values)
def test_a_part_of_what_a_baseline_counts_misses_a_goal_but_never_meets_it(standing, bound):
    goal = Goal(bound, at_least=False)
    whole, part = goal_state(goal, standing), goal_state(goal, standing, is_partial=True)
    assert part is (GoalState.INSUFFICIENT_DATA if whole is GoalState.MET else whole)


@given(standings(), values)
def test_what_is_compared_keeps_its_order(standing, baseline):
    for against in (Against.TIMES, Against.LESS):
        found = compared(Goal(0.5, against), standing, baseline)
        assert found.low <= found.value <= found.high


@given(standings())
def test_without_a_baseline_nothing_that_needs_one_is_told(standing):
    for against in (Against.TIMES, Against.LESS):
        goal = Goal(1, against)
        assert goal_state(goal, compared(goal, standing, None)) is GoalState.INSUFFICIENT_DATA
    assert compared(Goal(1), standing, None) == standing


def test_five_times_as_many_and_eighty_percent_less():
    assert goal_state(Goal(5, Against.TIMES), compared(Goal(5, Against.TIMES), Standing(10.0), 2.0)) is GoalState.MET
    less = Goal(0.8, Against.LESS)
    assert goal_state(less, compared(less, Standing(3.0), 10.0)) is GoalState.NOT_MET
    assert goal_state(less, compared(less, Standing(2.0, 1.0, 3.0), 10.0)) is GoalState.INSUFFICIENT_DATA
