"""
The figures of how people review: of groups of ten reviews or more, and of nobody by name.

See docs/adr/0008-review-depth-is-told-in-tens.md. What a month told counts for a window that the month reaches into.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet, Sum
from django.urls import reverse

from apps.core.intervals import middle, wilson
from apps.generation.engine.activity import class_middle, class_words, median_bounds, quantile_class
from apps.generation.engine.agreement import agreement_of
from apps.generation.engine.depth import GROUP as GROUP_SIZE
from apps.generation.engine.depth import TENTHS
from apps.generation.models import GenerationRun, ReviewCount, StageRecord
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.measures import Measure, Reading, Shape, Source, Window
from apps.governance.models import Ballot
from apps.repositories.selectors import repositories_in_scopes

GROUP = "Generation"
FRESHNESS = timedelta(days=62)
# Who abstains or steps aside judges nothing.
JUDGED = (Ballot.Verdict.APPROVE, Ballot.Verdict.REQUEST_CHANGES, Ballot.Verdict.BLOCK)
NOT_JUDGED_TWICE = (
    "Two requests or more that several people judged are needed, with verdicts that are not all the same; in this "
    "period there were none."
)


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


def reviewer_agreement(scopes: Collection[int], window: Window) -> Reading:
    """Return how far people who judged the same content of a request agree beyond chance."""
    ballots = Ballot.objects.filter(
        subject_kind=SUBJECT_KIND,
        subject_id__in=GenerationRun.objects.filter(repository__in=repositories_in_scopes(scopes)).values("pk"),
        cast_at__gte=window.start,
        cast_at__lt=window.end,
        verdict__in=JUDGED,
    )
    rows = list(
        ballots.order_by("cast_at", "id").values_list("subject_id", "subject_digest", "person", "verdict", "cast_at")
    )
    units: dict[tuple[UUID, str], dict[str, str]] = defaultdict(dict)
    for subject, digest, person, verdict, _ in rows:
        units[subject, digest][person] = verdict
    found = agreement_of([list(verdicts.values()) for verdicts in units.values()])
    if found is None:
        return Reading(None, missing=NOT_JUDGED_TWICE)
    return Reading(found.alpha, found.units, found.low, found.high, as_of=rows[-1][4])


def model_consensus(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of candidates that behave as most do, the middle one of the requests that were decided."""
    decided = StageRecord.objects.filter(
        stage="review",
        finished_at__gte=window.start,
        finished_at__lt=window.end,
        run__repository__in=repositories_in_scopes(scopes),
        run__request__consensus__human_approved__isnull=False,
        run__request__consensus__voting_details__is_compared=True,
    ).order_by("finished_at", "pk")
    rows = list(decided.values_list("run__request__consensus__voting_details__clusters", "finished_at"))
    if not rows:
        return Reading(None, missing="No request was decided in this period whose candidates could be compared.")
    sizes = [[len(cluster["members"]) for cluster in clusters] for clusters, _ in rows]
    shares = [max(one) / sum(one) for one in sizes]
    found = middle(shares)
    return Reading(found.mean, len(shares), found.low, found.high, as_of=rows[-1][1])


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
    Measure(
        "generation.reviewer_agreement",
        "Agreement of reviewers",
        "Krippendorff's alpha of the verdicts of people who judged the same content: approve, request changes or "
        "block; of one person the last. 1 is whole agreement, 0 what chance would give. n are contents with two "
        "verdicts or more; the interval is a bootstrap over them.",
        Shape.MEDIAN,
        "α",
        GROUP,
        reviewer_agreement,
        freshness=FRESHNESS,
    ),
    Measure(
        "generation.model_consensus",
        "Agreement of models",
        "Share of the candidates in the largest group of equal behaviour, the middle one of the requests that people "
        "decided and whose candidates could be compared. It is never added to what people said.",
        Shape.MEDIAN,
        "",
        GROUP,
        model_consensus,
        freshness=FRESHNESS,
    ),
)
