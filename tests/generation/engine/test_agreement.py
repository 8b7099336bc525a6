"""Agreement beyond chance, against the published example and by its laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.agreement import agreement_of

UNITS = st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), max_size=12)


def test_the_published_example_has_its_published_alpha() -> None:
    # Krippendorff 2011, section C: four observers, twelve units, one of them with a single value.
    published = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
    found = agreement_of(published)
    assert found is not None and found.units == 11
    assert found.alpha == pytest.approx(0.743, abs=0.0005)
    assert found.low < found.alpha < found.high <= 1


@pytest.mark.parametrize("units", [[], ["a"], ["aa"], ["aa", "a"], ["aa", "aa"], ["ab"]])
def test_what_chance_would_agree_on_as_much_says_nothing(units: list[str]) -> None:
    assert agreement_of(units) is None


def test_whole_agreement_is_one_and_contradiction_below_none() -> None:
    agreed, against = agreement_of(["aa", "bb", "aaa"]), agreement_of(["ab", "ab", "ab"])
    assert agreed is not None and (agreed.alpha, agreed.low, agreed.high) == (1, 1, 1)
    assert against is not None and against.alpha < 0


@settings(max_examples=20)
@given(units=UNITS, seed=st.randoms())
def test_the_order_of_units_of_people_and_what_one_alone_judged_make_no_difference(units, seed) -> None:  # type: ignore[no-untyped-def]
    mixed = [seed.sample(unit, len(unit)) for unit in units]
    seed.shuffle(mixed)
    assert agreement_of(units) == agreement_of([*mixed, ["b"]])


@settings(max_examples=20)
@given(UNITS)
def test_alpha_lies_in_its_interval_and_is_one_at_most(units: list[list[str]]) -> None:
    found = agreement_of(units)
    if found is not None:
        assert found.low <= found.alpha <= found.high <= 1
