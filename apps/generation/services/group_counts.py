"""Counts about reviews that are told in groups of ten, so that no figure is about one person's review."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from apps.core.clock import now
from apps.generation.engine.activity import class_of
from apps.generation.engine.depth import GROUP, tenth_of
from apps.generation.models import ReviewCount
from apps.repositories.models import Repository

Measure = ReviewCount.Measure


def depth_count(*, repository: Repository, percent: int | None) -> None:
    """Count how much of a change somebody had in view, without saying who; None was not measured."""
    _count(repository, Measure.DEPTH, None if percent is None else tenth_of(percent))


def activity_count(*, repository: Repository, seconds: float | None) -> None:
    """Count for how long somebody actively reviewed, without saying who; None was not measured."""
    _count(repository, Measure.ACTIVE, None if seconds is None else class_of(seconds))


def canary_count(*, repository: Repository, is_caught: bool) -> None:
    """Count whether somebody saw that a candidate was wrong on purpose, without saying who."""
    _count(repository, Measure.CANARY, int(is_caught))


@transaction.atomic
def _count(repository: Repository, measure: Measure, value: int | None) -> None:
    """
    Add one review to those that wait, and tell all of them once ten with a value do.

    The repository is locked so that two reviews at once are told together or not at all.
    """
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    _add(repository, measure, None, value, 1)
    waiting = ReviewCount.objects.filter(repository=repository, measure=measure, month=None, reviews__gt=0)
    if measured(waiting) >= GROUP:
        month = now().date().replace(day=1)
        for row in waiting:
            _add(repository, measure, month, row.value, row.reviews)
        waiting.update(reviews=0)


def measured(rows: QuerySet[ReviewCount]) -> int:
    """Return how many reviews of *rows* have a value."""
    total: int | None = rows.filter(value__isnull=False).aggregate(total=Sum("reviews"))["total"]
    return total or 0


def _add(repository: Repository, measure: Measure, month: date | None, value: int | None, reviews: int) -> None:
    row, _ = ReviewCount.objects.get_or_create(repository=repository, measure=measure, month=month, value=value)
    ReviewCount.objects.filter(pk=row.pk).update(reviews=F("reviews") + reviews)
