"""The metrics of the pages: the platform's own, and measures that apps registered."""

from __future__ import annotations

from apps.console.metrics.definitions import OWN
from apps.console.metrics.metric import GENERATED, GROUPS, Metric
from apps.governance.measures import measure_find, measure_register

OTHERS = (
    "generation.approval_rate",
    "generation.first_pass_approval",
    "generation.lint_pass",
    "generation.type_pass",
    "generation.test_pass",
    "generation.revert_rate",
    "generation.cost_per_accepted",
    "generation.verification_tax",
    "generation.review_depth",
    "generation.canary_catch_rate",
    "generation.reviewer_agreement",
    "generation.model_consensus",
    "quality.coverage_line",
    "quality.coverage_branch",
    "quality.flake_rate",
    "quality.mutation_score",
    "docs.sync_cycle",
)


def metrics() -> list[Metric]:
    """Return every metric, group by group."""
    found = [measure for key in OTHERS if (measure := measure_find(key)) is not None]
    return [*OWN, *(Metric(measure) for measure in found)]


def group_of(metric: Metric) -> str:
    """Return under which heading of the pages *metric* stands."""
    return metric.measure.group if metric.measure.group in GROUPS else GENERATED


def baseline_keys() -> dict[str, str]:
    """Return what a baseline is, by the metric that is compared with it."""
    return {metric.key: metric.past for metric in OWN if metric.past}


def measures_register() -> None:
    """Offer the platform's own success metrics to gates and the ladder, too."""
    for metric in OWN:
        measure_register(metric.measure)
