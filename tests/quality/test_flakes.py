"""Which tests are flaky, and what is still needed to say that few are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.intervals import wilson
from apps.quality.engine.flakes import Kind, Record, pairs_needed, reruns_sentence


def record(**fields) -> Record:
    return Record(**{"pairs": 3, "flaky": 0, "executed": 6, "failed": 0, "seconds": 0.6, "is_failing": False, **fields})


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, None),
        ({"flaky": 1, "failed": 1, "is_failing": True}, Kind.FLAKY),
        ({"failed": 2, "is_failing": True, "seconds": 60.0}, Kind.BROKEN),
        ({"failed": 2}, None),
        ({"seconds": 6.0}, Kind.SLOW),
        ({"executed": 0, "seconds": 0.0, "pairs": 0}, None),
    ],
)
def test_a_test_is_called_by_the_worst_that_holds(fields, kind):
    assert record(**fields).kind is kind


def test_381_clean_pairs_are_needed_to_say_that_fewer_than_one_in_a_hundred_are_flaky():
    assert pairs_needed(0, 0) == 381
    assert pairs_needed(0, 200) == 181
    assert pairs_needed(0, 381) == 0
    assert reruns_sentence(0, 200).startswith("Another 181 clean pairs of a test and a commit")
    assert reruns_sentence(0, 380).startswith("Another 1 clean pair of")
    assert reruns_sentence(0, 381) == "It can be said at 95 % that fewer than 1 % are flaky."
    assert "mend these tests first" in reruns_sentence(5_000_000, 6_000_000)


@given(st.integers(0, 300), st.integers(0, 3_000), st.sampled_from([0.01, 0.05, 0.2]))
def test_so_many_are_enough_and_one_fewer_is_not(flaky, clean, claim):
    pairs = flaky + clean
    more = pairs_needed(flaky, pairs, claim=claim)
    assert more is not None
    assert wilson(flaky, pairs + more).high < claim
    assert more == 0 or wilson(flaky, pairs + more - 1).high >= claim
