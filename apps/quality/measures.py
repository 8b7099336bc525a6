"""The figures of this track that gates, the ladder and the metrics pages rest on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from apps.governance.measures import Measure, Shape, measure_register
from apps.quality.coverage_figures import branch_share, coverage_read, line_share
from apps.quality.flake_figures import flake_read
from apps.quality.mutation_figures import mutation_read

GROUP = "Quality"
COVERAGE = (
    "The smallest share of {what} that the tests run, over the commits of the default branch in the window. Only "
    "complete reports count: measured in the sandbox with every test started, or sent whole by a build; where a commit "
    "has several, the lowest. Without one for the newest commit there is no figure."
)
FLAKES = (
    "Of the pairs of a test and a commit that were executed at least twice in one environment, the last time in the "
    "window: the share that both passed and failed. Skipped executions do not count; runs that infrastructure broke "
    "are left out and listed; tests in quarantine count. Gates compare the upper end of the interval."
)
MUTATION = (
    "Of the changed programs that were tried in the window, the share that at least one test noticed; tests that do "
    "not end have noticed. Each candidate that was up for approval counts with its own tests, each file that somebody "
    "had measured with the repository's, by its newest run. Changes that leave a program the same count "
    "against the tests."
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
    measure_register(
        Measure(
            key="quality.flake_rate",
            title="Flaky pairs of a test and a commit",
            definition=FLAKES,
            shape=Shape.RATE,
            unit="%",
            group=GROUP,
            read=flake_read,
            is_better_higher=False,
            freshness=timedelta(days=7),
        )
    )
    measure_register(
        Measure(
            key="quality.mutation_score",
            title="Mutation score",
            definition=MUTATION,
            shape=Shape.RATE,
            unit="%",
            group=GROUP,
            read=mutation_read,
            freshness=timedelta(days=30),
        )
    )
