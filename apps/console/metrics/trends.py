"""The four small multiples of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from apps.console.metrics.charts import Spark, spark
from apps.console.metrics.page import PERIODS, Row, places_of, rows_of
from apps.governance.models import Scope, User

# The first that is measured here is shown: reports that were sent say more than those the platform took itself.
TRENDS = (
    ("generation.approval_rate",),
    ("quality.coverage_line", "console.coverage"),
    ("quality.flake_rate",),
    ("console.docs_current",),
)


@dataclass(frozen=True)
class Trend:
    """A small multiple: a metric with its figure, None where fewer than two weeks have a value."""

    row: Row
    spark: Spark | None


@dataclass(frozen=True)
class Trends:
    """What ``console/_trends.html`` shows: the place, and its trends over twelve weeks."""

    place: Scope
    trends: list[Trend]


def trends_for(user: User, *, today: date) -> Trends | None:
    """Return the trends of the first place that *user* may read, or None; three queries, however much there is."""
    places = places_of(user)
    if not places:
        return None
    keys = [key for choice in TRENDS for key in choice]
    rows = rows_of(places[0], keys=keys, weeks=PERIODS["12w"], today=today)
    shown = [next((rows[key] for key in choice if key in rows), None) for choice in TRENDS]
    return Trends(places[0], [Trend(row, spark(row.history)) for row in shown if row is not None])
