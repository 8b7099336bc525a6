"""The metrics page: its figures are fetched when they are opened, and it fits every window, in both themes."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.console.metrics.catalogue import metrics
from apps.console.metrics.sampling import samples_take
from apps.console.models import Baseline, MetricSample
from apps.core.clock import now
from apps.governance.models import Scope, User
from apps.repositories.models import Lineage, Repository, Revision

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WEEKS = 12
SCALES = {"%": 0.8, "days": 1.5, "min": 3.0, "USD": 0.4}


@pytest.fixture
def measured(repository: Repository, scope: Scope, engineer: User) -> Repository:
    """Twelve weeks of samples, a baseline, and a lineage with its curves."""
    today = now().date()
    samples_take(day=today)
    MetricSample.objects.exclude(key__in=["console.production_bugs", "generation.verification_tax"]).delete()
    for metric in metrics():
        if metric.key in {"console.production_bugs", "generation.verification_tax"}:
            continue
        for week, origin in product(range(WEEKS), metric.origins):
            value = SCALES.get(metric.measure.unit, 6.0) * (1 - 0.04 * week + 0.05 * math.sin(week))
            MetricSample.objects.create(
                key=metric.key,
                scope=scope,
                origin=origin,
                day=today - timedelta(weeks=week),
                version=1,
                value=value,
                n=40 - week,
                low=0.85 * value,
                high=min(1.1 * value, 1.0) if metric.measure.unit == "%" else 1.1 * value,
                as_of=now() - timedelta(weeks=week),
            )
    Baseline.objects.create(
        scope=scope,
        key="console.velocity",
        version=1,
        value=1.0,
        period_start="2025-01-01",
        period_end="2025-12-31",
        source="Ticket system",
        file_digest="d" * 64,
        imported_by=engineer,
    )
    revision = Revision.objects.create(repository=repository, sha="a" * 40, committed_at=now())
    curve = [[7 * week, 0.98**week, 0.96**week, 0.99**week, 400 - 20 * week] for week in range(WEEKS)]
    survival = {"lines": 400, "ended": 80, "longest_days": 84, "weeks": curve}
    Lineage.objects.create(
        revision=revision,
        reader=1,
        position=0,
        ai_lines=400,
        human_lines=900,
        mixed_lines=60,
        survival={
            "ai": survival,
            "human_same_files": {**survival, "weeks": [[d, s**2, lo**2, hi**2, n] for d, s, lo, hi, n in curve]},
        },
    )
    return repository


@pytest.mark.bar(12)
def test_metrics_are_accessible_and_fit_a_narrow_window(
    measured: Repository,
    engineer: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
) -> None:
    sign_in(engineer)
    for name, url in (
        ("metrics", "/metrics"),
        ("metric", "/metrics/console.line_share?origin=human"),
        ("baselines", "/metrics/baselines"),
    ):
        page.goto(url)
        expect(page.locator("h1")).to_be_visible()
        axe(page)
        screenshot(f"{name}-{both_themes}-wide")
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert overflow() <= 0
            if width == 390:
                screenshot(f"{name}-{both_themes}-narrow")
        page.set_viewport_size({"width": 1440, "height": 900})


def test_a_figure_is_fetched_when_it_is_opened(
    measured: Repository, engineer: User, page: Page, sign_in: Any, screenshot: Callable[[str], None]
) -> None:
    sign_in(engineer)
    page.goto("/metrics")
    card = page.locator("#m-consolevelocity")
    expect(card.locator("[data-chart]")).to_have_count(0)
    card.get_by_text("Definition and weeks").click()
    expect(card.locator("[data-chart][data-mounted=yes]")).to_be_visible()
    expect(card.get_by_text("Delivered changes a week: 6", exact=False)).to_be_visible()
    card.get_by_role("button", name="Table").click()
    expect(card.get_by_role("columnheader", name="95 % interval")).to_be_visible()
    screenshot("metric-opened")
