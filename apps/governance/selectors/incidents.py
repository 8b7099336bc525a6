"""Incidents, and the measure that counts those that are open."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from apps.core.clock import now
from apps.governance.measures import SOURCES_SHOWN, Measure, Reading, Shape, Source, Window
from apps.governance.models import Incident, User
from apps.governance.selectors import scope_ids

OPEN_INCIDENTS = "governance.open_incidents"


def incidents_readable(user: User) -> QuerySet[Incident]:
    """Return the incidents of the repositories that *user* reads, with who opened and closed them."""
    rows = Incident.objects.filter(scope__in=scope_ids(user))
    return rows.select_related("scope__organisation", "opened_by", "closed_by")


def open_incidents_read(scopes: Collection[int], _window: Window) -> Reading:
    """Return how many incidents are open now in *scopes*; an old one counts as much as a new one."""
    rows = Incident.objects.filter(scope__in=scopes, closed_at__isnull=True).order_by("-opened_at", "id")
    count = rows.count()
    sources = tuple(Source(f"{one.get_severity_display()}: {one.title}") for one in rows[:SOURCES_SHOWN])
    return Reading(value=float(count), n=count, as_of=now(), sources=sources)


OPEN_INCIDENTS_MEASURE = Measure(
    key=OPEN_INCIDENTS,
    title="Open incidents",
    definition="Incidents with generated code that people opened and nobody closed, now, whatever the window.",
    shape=Shape.COUNT,
    unit="",
    group="Governance",
    read=open_incidents_read,
    is_better_higher=False,
)
