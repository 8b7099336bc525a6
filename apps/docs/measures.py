"""The figure of documentation that gates rest on."""

from __future__ import annotations

from datetime import timedelta

from apps.docs.clock_figures import sync_read
from apps.governance.measures import Measure, Shape, measure_register

DEFINITION = (
    "Full release cycles, from one release tag to the next, through which no page of the service was broken and none "
    "stale for more than 72 hours, counted from the last time that this was not so; of several repositories the "
    "fewest. Each commit of the default branch is held against the page of its time. A lapse restarts it at none."
)


def measures_register() -> None:
    """Offer the measure of documentation to governance."""
    measure_register(
        Measure(
            key="docs.sync_cycle",
            title="Release cycles with documentation in sync",
            definition=DEFINITION,
            shape=Shape.COUNT,
            unit="release cycles",
            unit_one="release cycle",
            group="Documentation",
            read=sync_read,
            freshness=timedelta(days=1),
        )
    )
