"""Probabilities of being right: the regression behind them, what public problems teach, and what verdicts change."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.calibration import ENOUGH, LEAST, MOST, PUBLIC, Calibration
from apps.generation.engine.logistic import fit, inverted, probability, solved
from apps.generation.engine.sureness import NAMES, Sureness, log_odds, sureness_restored

USUAL = Sureness(rivals=1.0, passing=1.0, agreement=0.8, examples=math.log1p(2), failed=0.0, tests=1.0, trust=0.0)
NUMBERS = st.floats(-5, 5)
SURENESSES = st.builds(
    Sureness,
    rivals=NUMBERS,
    passing=NUMBERS,
    agreement=st.floats(0, 1),
    examples=st.floats(0, 4),
    failed=st.sampled_from([0.0, 1.0]),
    tests=st.floats(0, 1),
    trust=NUMBERS,
)


def test_a_regression_finds_the_coefficients_that_made_the_data():
    random = Random(1)  # noqa: S311 - made-up data
    rows = [(1.0, random.gauss(0, 1), random.gauss(0, 1)) for _ in range(4000)]
    truths = [float(random.random() < probability(0.5 + 2 * row[1] - row[2])) for row in rows]
    found = fit(rows, truths, means=(0.0, 0.0, 0.0), precisions=(0.01, 0.01, 0.01))
    assert found.mean == pytest.approx((0.5, 2.0, -1.0), abs=0.2)
    assert 0.02 < found.spread((1.0, 0.0, 0.0)) < 0.1


def test_without_rows_a_regression_is_its_prior():
    found = fit([], [], means=(1.0, -2.0), precisions=(4.0, 0.25))
    assert found.mean == (1.0, -2.0)
    assert found.spread((1.0, 0.0)) == pytest.approx(0.5)
    assert found.spread((0.0, 1.0)) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="positive"):
        fit([], [], means=(0.0,), precisions=(0.0,))


def test_data_that_a_line_parts_leave_finite_coefficients():
    found = fit([(1.0, -1.0), (1.0, 1.0)] * 50, [0.0, 1.0] * 50, means=(0.0, 0.0), precisions=(0.01, 0.01))
    assert all(map(math.isfinite, found.mean))
    assert found.logit((1.0, 1.0)) > 3


@given(
    st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=3, max_size=3),
    st.lists(NUMBERS, min_size=3, max_size=3),
)
def test_solving_and_inverting_undo_a_product(rows, wanted):
    matrix = [[x + (20.0 if i == j else 0.0) for j, x in enumerate(row)] for i, row in enumerate(rows)]
    product = [math.fsum(a * b for a, b in zip(row, wanted, strict=True)) for row in matrix]
    assert solved(matrix, product) == pytest.approx(wanted, abs=1e-6)
    back = [math.fsum(a * b for a, b in zip(row, product, strict=True)) for row in inverted(matrix)]
    assert back == pytest.approx(wanted, abs=1e-6)


@given(SURENESSES)
def test_a_probability_lies_in_its_interval_and_nobody_is_certain(sureness):
    found = Calibration().estimate(sureness)
    assert LEAST <= found.low <= found.probability <= found.high <= MOST
    assert (found.judged, found.is_local) == (0, False)


@given(SURENESSES)
def test_figures_come_back_as_they_were_stored(sureness):
    restored = sureness_restored(sureness.stored())
    assert restored.figures == pytest.approx(sureness.figures, abs=1e-6)
    assert tuple(sureness.stored()) == NAMES


def test_two_of_two_are_less_sure_than_twenty_of_twenty():
    assert log_odds(2, 2) < log_odds(20, 20)
    assert log_odds(1, 2) == 0.0


def test_more_of_each_kind_of_evidence_is_never_less_sure():
    def said(**changed):
        return Calibration().estimate(replace(USUAL, **changed)).probability

    for name in ("rivals", "passing", "agreement", "examples", "tests", "trust"):
        assert said(**{name: getattr(USUAL, name) + 0.5}) > said()
    assert said(failed=1.0) < said()


def test_a_few_verdicts_change_nothing_and_enough_of_them_do():
    public = Calibration().estimate(USUAL)
    few = Calibration([(USUAL, 0.0)] * (ENOUGH - 1)).estimate(USUAL)
    assert (few.probability, few.low, few.is_local, few.judged) == (public.probability, public.low, False, ENOUGH - 1)
    wrong = Calibration([(USUAL, 0.0)] * ENOUGH).estimate(USUAL)
    right = Calibration([(USUAL, 1.0)] * ENOUGH).estimate(USUAL)
    assert wrong.probability < public.probability < right.probability
    assert wrong.is_local


def test_verdicts_narrow_the_interval_and_move_towards_what_they_say():
    random = Random(1)  # noqa: S311 - made-up data
    pools = [replace(USUAL, rivals=random.uniform(-1, 3)) for _ in range(400)]
    truths = [float(random.random() < 0.6) for _ in pools]
    found = Calibration(list(zip(pools, truths, strict=True)))
    said = [found.estimate(one).probability for one in pools]
    assert sum(said) / len(said) == pytest.approx(sum(truths) / len(truths), abs=0.03)
    public, here = Calibration().estimate(USUAL), found.estimate(USUAL)
    assert here.high - here.low < public.high - public.low


def test_what_was_fitted_has_a_slope_for_each_figure():
    assert tuple(PUBLIC.slopes) == NAMES
    assert PUBLIC.problems > 0
    assert PUBLIC.sources
