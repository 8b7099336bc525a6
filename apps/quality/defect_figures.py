"""Defects of a window, counted from what trackers told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from apps.governance.measures import Window
from apps.quality.models import Defect, DefectReport
from apps.repositories.models import Repository


@dataclass(frozen=True)
class DefectCounts:
    """
    Defects found in a window.

    ``silent`` are the repositories that nobody ever told of, ``told_at`` the oldest of the others' newest reports.
    """

    found: int
    silent: tuple[str, ...]
    told_at: datetime | None


def defects_in(repositories: QuerySet[Repository], window: Window) -> QuerySet[Defect]:
    """Return the defects of *repositories* found in the window that turned out to be some."""
    return Defect.objects.filter(
        repository__in=repositories, found_at__gte=window.start, found_at__lt=window.end, is_withdrawn=False
    )


def defect_counts(repositories: QuerySet[Repository], window: Window, *, origin: str = "") -> DefectCounts:
    """Count the defects of *repositories* in the window; of lines of one origin, if named. Three queries."""
    told: dict[Any, datetime] = dict(
        DefectReport.objects.filter(repository__in=repositories, created_at__lt=window.end)
        .values_list("repository")
        .annotate(newest=Max("created_at"))
        .order_by()
    )
    places: Collection[tuple[Any, str]] = repositories.order_by("name").values_list("pk", "name")
    found = defects_in(repositories, window)
    return DefectCounts(
        found=(found.filter(origin=origin) if origin else found).count(),
        silent=tuple(name for key, name in places if key not in told),
        told_at=min(told.values(), default=None),
    )
