"""What a figure says of itself."""

from __future__ import annotations

import pytest

from apps.governance.measures import Measure, Reading, Shape, measure_find, measures_all


def test_a_reading_without_a_value_says_what_is_missing():
    with pytest.raises(ValueError, match="says what is missing"):
        Reading(None)
    assert Reading(None, missing="Nothing was decided yet.").n == 0


def test_nobody_finds_a_measure_that_nobody_registered():
    assert measure_find("nobody.measures_this") is None


def test_measures_stand_by_group_and_title(monkeypatch):
    def measure(key: str, group: str) -> Measure:
        return Measure(key, key, "", Shape.COUNT, "", group, lambda scopes, window: Reading(0.0))

    found = {one.key: one for one in (measure("a.x", "zebra"), measure("b.y", "ant"), measure("a.b", "ant"))}
    monkeypatch.setattr("apps.governance.measures._measures", found)
    assert [one.key for one in measures_all()] == ["a.b", "b.y", "a.x"]
