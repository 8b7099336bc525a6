"""Active review: minutes in classes, counted with a verdict, told ten at a time, and read by the measure."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.generation.engine.activity import (
    CLASSES,
    class_of,
    class_words,
    median_bounds,
    quantile_class,
    seconds_read,
)
from apps.generation.models import CodeGenerationRequest, GenerationRun, ReviewCount
from apps.generation.services.group_counts import activity_count
from apps.governance.measures import Reading, Window, measure_find
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_depth import cast
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.shop import work_off

pytestmark = pytest.mark.django_db

minutes = st.lists(st.floats(0, 600), min_size=1, max_size=60)


def reading(repository: Repository) -> Reading:
    measure = measure_find("generation.verification_tax")
    assert measure is not None
    end = now() + timedelta(minutes=1)
    return measure.read([repository.scope_id], Window(end - timedelta(weeks=4), end))


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("-3", None), ("nan", None), ("90", 90.0), ("1e9", None), ("999999999", 43200.0)]
)
def test_what_a_form_sends_is_read_or_counts_as_not_measured(text: str, seconds: float | None) -> None:
    assert seconds_read(text) == seconds


@given(minutes)
def test_the_median_lies_in_its_class_and_between_its_bounds(found: list[float]) -> None:
    counts: dict[int, int] = {}
    for one in found:
        counts[class_of(one * 60)] = counts.get(class_of(one * 60), 0) + 1
    median = sorted(found)[math.ceil(len(found) / 2) - 1]
    number = quantile_class(counts, 0.5)
    low, high = median_bounds(counts)
    assert CLASSES[number] <= median and (number == len(CLASSES) - 1 or median < CLASSES[number + 1])
    assert low <= median <= high
    assert quantile_class(counts, 0.9) >= number


def test_classes_are_said_in_words() -> None:
    assert [class_words(class_of(seconds)) for seconds in (0, 29, 30, 7200)] == [
        "0 to 0.5 min",
        "0 to 0.5 min",
        "0.5 to 1 min",
        "120 min or more",
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_verdict_counts_its_time_in_a_class_and_nothing_else(
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    reviewer: User,
    client: Client,
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    client.force_login(reviewer)
    assert 'name="active"' in client.get(reverse("generation:review", args=[request.pk])).content.decode()
    assert cast(client, GenerationRun.objects.get(pk=request.pk), active="300.5") == 302
    row = ReviewCount.objects.get(measure="active")
    assert (row.value, row.reviews, row.month) == (class_of(300), 1, None)


def test_nothing_is_told_of_nine_reviews_and_the_median_of_ten(
    repository: Repository, reviewer: User, client: Client
) -> None:
    for seconds in (60, 60, 70, 200, 200, 200, 250, 500, 2000):
        activity_count(repository=repository, seconds=seconds)
    activity_count(repository=repository, seconds=None)
    assert "told of 10 reviews at a time" in reading(repository).missing
    client.force_login(reviewer)
    page = client.get(reverse("generation:depth")).content.decode()
    assert "9 of 10 reviews needed" in page and "2 to 4 min" not in page
    activity_count(repository=repository, seconds=8000)
    found = reading(repository)
    assert (found.value, found.n, found.low, found.high) == (3.0, 10, 1.0, None)
    assert found.sources[0].title == "90th percentile: 30 to 60 min"
    page = client.get(reverse("generation:depth")).content.decode()
    assert "2 to 4 min" in page and "30 to 60 min" in page
    assert "active minutes,,2.0,4.0,3" in client.get(reverse("generation:depth-export")).content.decode()


def test_the_month_in_which_a_window_ends_counts_from_its_first_moment(repository: Repository) -> None:
    measure = measure_find("generation.verification_tax")
    assert measure is not None
    ReviewCount.objects.create(repository=repository, measure="active", month=date(2026, 12, 1), value=3, reviews=10)
    first = datetime(2026, 12, 1, tzinfo=UTC)
    before, within = (Window(first - timedelta(weeks=4), first + timedelta(hours=hours)) for hours in (0, 1))
    assert measure.read([repository.scope_id], before).n == 0
    assert measure.read([repository.scope_id], within).n == 10
