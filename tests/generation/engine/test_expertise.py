"""What is known of a model: between its prior and its answers, in a family and over all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.expertise import (
    BORROWED,
    Judged,
    Record,
    Tally,
    beta_below,
    beta_quantile,
    tallied,
    vote_of,
)
from apps.generation.engine.families import Family, family_of
from apps.generation.engine.specification import analyse

SHARES = st.floats(0.01, 0.99)
COUNTS = st.integers(0, 200)


def record(*judged: tuple[str, str, float]) -> Record:
    return Record(tallied(Judged(*one) for one in judged))


def test_nothing_known_is_the_prior_with_a_wide_interval():
    found = Record({}).expertise("m", "text", prior=0.6)
    assert found.mean == pytest.approx(0.6)
    assert found.high - found.low > 0.6
    assert found.answers == 0


def test_answers_move_the_mean_and_narrow_the_interval():
    few, many = (record(*[("m", "text", 1.0)] * count).expertise("m", "text", prior=0.5) for count in (3, 60))
    assert 0.5 < few.mean < many.mean < 1
    assert many.high - many.low < few.high - few.low


def test_other_families_teach_but_never_as_much_as_the_own_one():
    elsewhere = record(*[("m", "numbers", 1.0)] * 500)
    here = record(*[("m", "numbers", 1.0)] * 500, *[("m", "text", 0.0)] * 50)
    assert elsewhere.mean("m", "text", prior=0.5) > 0.95
    assert here.mean("m", "text", prior=0.5) == pytest.approx(0.5, abs=0.05)
    assert elsewhere.mean("other", "text", prior=0.5) == 0.5


@given(COUNTS, COUNTS, COUNTS, COUNTS, SHARES)
def test_expertise_is_a_share_within_its_interval(right, wrong, right_elsewhere, wrong_elsewhere, prior):
    known = Record(
        {
            ("m", "text"): Tally(right + wrong, right),
            ("m", "numbers"): Tally(right_elsewhere + wrong_elsewhere, right_elsewhere),
        }
    )
    found = known.expertise("m", "text", prior=prior)
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert known.mean("m", "text", prior=prior) == found.mean


@given(COUNTS, COUNTS, SHARES)
def test_one_more_right_answer_never_lowers_a_model(right, wrong, prior):
    less = Record({("m", "text"): Tally(right + wrong, right)}).mean("m", "text", prior=prior)
    more = Record({("m", "text"): Tally(right + wrong + 1, right + 1)}).mean("m", "text", prior=prior)
    assert more >= less


def test_the_beta_distribution_is_the_known_one():
    assert beta_below(0.3, 1.0, 1.0) == pytest.approx(0.3)
    assert beta_below(0.5, 2.0, 5.0) == pytest.approx(0.890625)
    assert beta_below(0.01, 0.5, 0.5) == pytest.approx(0.0637686, abs=1e-6)
    assert beta_quantile(0.975, 2.0, 8.0) == pytest.approx(0.4825, abs=1e-4)


@given(SHARES, st.floats(0.5, 300), st.floats(0.5, 300))
def test_a_quantile_is_the_inverse_of_the_share_below(share, alpha, beta):
    assert beta_below(beta_quantile(share, alpha, beta), alpha, beta) == pytest.approx(share, abs=1e-4)


@given(SHARES, SHARES)
def test_the_better_model_has_the_weightier_vote(one, other):
    assert (vote_of(one) >= vote_of(other)) is (one >= other)


def test_likely_answers_count_by_their_likelihood():
    assert tallied([Judged("m", "text", 0.65), Judged("m", "text", 1.0)]) == {("m", "text"): Tally(2.0, 1.65)}
    assert BORROWED > 0


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("def f(n: int) -> int\n\nf(2) -> 4", Family.NUMBERS),
        ("def f(word: str) -> str\n\nf('a') -> 'A'", Family.TEXT),
        ("def f(words: list[str], n: int) -> str\n\nf(['a'], 1) -> 'A'", Family.COLLECTIONS),
        ("def f(word: str | None) -> str", Family.TEXT),
        ("def f(thing: Widget) -> str", Family.OTHER),
    ],
)
def test_the_family_of_a_task_is_what_its_values_are(text, family):
    found = analyse(text)
    assert family_of(found.entry_signature, [one.args for one in found.examples]) is family


def test_a_class_is_a_family_of_its_own_and_nothing_shown_is_another():
    assert family_of(None, [(1,)], is_class=True) is Family.CLASSES
    assert family_of(None, []) is Family.OTHER
    assert family_of(None, [([1],), ([],)]) is Family.COLLECTIONS
    assert Family.TEXT.label == "Text"
