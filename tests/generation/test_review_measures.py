"""What was in view and what was caught, as figures of groups: told in tens, counted by the months of a window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.generation.models import ReviewCount
from apps.governance.measures import Reading, Window, measure_find
from apps.repositories.models import Repository

pytestmark = pytest.mark.django_db

END = datetime(2026, 11, 15, tzinfo=UTC)
MONTH = date(2026, 11, 1)
BEFORE = date(2026, 7, 1)


def read(key: str, repository: Repository) -> Reading:
    measure = measure_find(f"generation.{key}")
    assert measure is not None
    return measure.read([repository.scope_id], Window(END - timedelta(weeks=4), END))


def told(repository: Repository, measure: str, month: date | None, reviews: dict[int | None, int]) -> None:
    for value, number in reviews.items():
        ReviewCount.objects.create(repository=repository, measure=measure, month=month, value=value, reviews=number)


def test_a_review_read_all_of_it_with_nine_tenths_in_view(repository: Repository) -> None:
    told(repository, "depth", MONTH, {9: 12, 8: 3, 0: 1, None: 40})
    told(repository, "depth", BEFORE, {0: 50})
    told(repository, "depth", None, {0: 9})
    told(repository, "canary", MONTH, {1: 7})
    found = read("review_depth", repository)
    assert (found.value, found.n, found.as_of) == (0.75, 16, datetime(2026, 11, 1, tzinfo=UTC))
    assert found.low == pytest.approx(0.505, abs=0.001) and found.high == pytest.approx(0.898, abs=0.001)
    assert found.sources[0].title == "12 of 16"


def test_what_was_wrong_on_purpose_is_caught_or_passes(repository: Repository) -> None:
    told(repository, "canary", MONTH, {1: 9, 0: 1})
    found = read("canary_catch_rate", repository)
    assert (found.value, found.n) == (0.9, 10)


@pytest.mark.parametrize("key", ["review_depth", "canary_catch_rate"])
def test_fewer_than_ten_are_told_as_nothing(repository: Repository, key: str) -> None:
    told(repository, "depth" if key == "review_depth" else "canary", None, {1: 9})
    found = read(key, repository)
    assert (found.value, found.n) == (None, 0) and "told of 10 reviews at a time" in found.missing
