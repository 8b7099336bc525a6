"""The figures of this track that gates, the ladder and the metrics pages rest on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from apps.governance.measures import Measure, Shape, measure_register
from apps.quality.coverage_figures import branch_share, coverage_read, line_share

GROUP = "Quality"
COVERAGE = (
    "The smallest share of {what} that the tests run, over the commits of the default branch in the window. Only "
    "complete reports count: measured in the sandbox with every test started, or sent whole by a build; where a commit "
    "has several, the lowest. Without one for the newest commit there is no figure."
)


def measures_register() -> None:
    """Offer the measures of quality to governance."""
    for name, share, what, title in (
        ("coverage_line", line_share, "lines", "Lines run by tests"),
        ("coverage_branch", branch_share, "branches", "Branches run by tests"),
    ):
        measure_register(
            Measure(
                key=f"quality.{name}",
                title=title,
                definition=COVERAGE.format(what=what),
                shape=Shape.MINIMUM,
                unit="%",
                group=GROUP,
                read=partial(coverage_read, share, what),
                freshness=timedelta(days=7),
            )
        )
