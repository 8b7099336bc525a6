"""
The figures of how people review: of groups of ten reviews or more, and of nobody by name.

See docs/adr/0008-review-depth-is-told-in-tens.md. What a month told counts for a window that the month reaches into.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta

from django.db.models import Max, QuerySet, Sum
from django.urls import reverse

from apps.core.intervals import wilson
from apps.generation.engine.activity import class_middle, class_words, median_bounds, quantile_class
from apps.generation.engine.depth import GROUP as GROUP_SIZE
from apps.generation.engine.depth import TENTHS
from apps.generation.models import ReviewCount
from apps.governance.measures import Measure, Reading, Shape, Source, Window
from apps.repositories.selectors import repositories_in_scopes

GROUP = "Generation"
FRESHNESS = timedelta(days=62)


def verification_tax(scopes: Collection[int], window: Window) -> Reading:
    """Return the minutes of active review, the middle one, of the months of the window whose reviews were told."""
    counts, newest = _told(ReviewCount.objects.filter(measure=ReviewCount.Measure.ACTIVE), scopes, window)
    if not counts:
        return _untold("The time of active review")
    low, high = median_bounds(counts)
    ninetieth = class_words(quantile_class(counts, 0.9))
    return Reading(
        class_middle(quantile_class(counts, 0.5)),
        n=sum(counts.values()),
        low=low,
        high=None if math.isinf(high) else high,
        as_of=newest,
        sources=(Source(f"90th percentile: {ninetieth}", reverse("generation:depth")),),
    )


def review_depth(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of reviews with nine tenths or more of the changed lines in view."""
    counts, newest = _told(ReviewCount.objects.filter(measure=ReviewCount.Measure.DEPTH), scopes, window)
    if not counts:
        return _untold("What was in view")
    return _share(counts.get(TENTHS - 1, 0), sum(counts.values()), newest)


def canary_catch_rate(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of candidates that were wrong on purpose and that reviewers did not let pass."""
    counts, newest = _told(ReviewCount.objects.filter(measure=ReviewCount.Measure.CANARY), scopes, window)
    if not counts:
        return _untold("What became of candidates that are wrong on purpose")
    return _share(counts.get(1, 0), sum(counts.values()), newest)


def _told(
    counted: QuerySet[ReviewCount], scopes: Collection[int], window: Window
) -> tuple[dict[int, int], datetime | None]:
    """Return how many reviews had which value, and the beginning of the newest month that told some; two queries."""
    rows = counted.filter(
        repository__in=repositories_in_scopes(scopes),
        month__gte=window.start.date().replace(day=1),
        month__lte=(window.end - timedelta.resolution).date(),
        value__isnull=False,
        reviews__gt=0,
    )
    counts: dict[int, int] = dict(rows.values_list("value").annotate(total=Sum("reviews")).order_by())
    newest = rows.aggregate(month=Max("month"))["month"]
    return counts, datetime.combine(newest, time(), UTC) if newest else None


def _untold(what: str) -> Reading:
    told = f"{what} is told of {GROUP_SIZE} reviews at a time, so that it is about nobody; in these months none were."
    return Reading(None, missing=told)


def _share(hits: int, total: int, newest: datetime | None) -> Reading:
    interval = wilson(hits, total)
    source = Source(f"{hits} of {total}", reverse("generation:depth"))
    return Reading(interval.mean, total, interval.low, interval.high, as_of=newest, sources=(source,))


REVIEW_MEASURES = (
    Measure(
        "generation.verification_tax",
        "Active minutes of a review",
        "Minutes between movements on the page of a review until the verdict, without pauses of more than one: the "
        "middle of the class in which the median lies, over the reviews that were told in the months of the window. "
        "They are counted in classes, of ten reviews or more and of nobody by name, so no change has a figure.",
        Shape.MEDIAN,
        "min",
        GROUP,
        verification_tax,
        is_better_higher=False,
        freshness=FRESHNESS,
        version=2,
    ),
    Measure(
        "generation.review_depth",
        "Reviews that read all of it",
        "Reviews with nine tenths or more of the changed lines in view for 300 ms and more, of those that were "
        "measured and told in the months of the window, ten or more at a time and of nobody by name.",
        Shape.RATE,
        "%",
        GROUP,
        review_depth,
        freshness=FRESHNESS,
    ),
    Measure(
        "generation.canary_catch_rate",
        "Caught of what was wrong on purpose",
        "Reviews that did not let a candidate pass that was wrong on purpose, of those that were shown one and told in "
        "the months of the window, ten or more at a time and of nobody by name.",
        Shape.RATE,
        "%",
        GROUP,
        canary_catch_rate,
        freshness=FRESHNESS,
    ),
)
