"""How figures are written."""

from __future__ import annotations

from apps.console.engine.goals import Against, Standing
from apps.console.metrics.metric import Metric

ORIGIN_WORDS = {"": "All", "ai": "AI", "human": "Human", "mixed": "Mixed"}


def number_words(metric: Metric, value: float | None) -> str:
    """Return a value of *metric* as it is read, without its unit; "" where there is none."""
    if value is None:
        return ""
    if metric.measure.unit == "%":
        return f"{100 * value:.1f}"
    if value == int(value) and abs(value) < 1_000_000:
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def with_unit(metric: Metric, value: float | None) -> str:
    """Return a value of *metric* with its unit; "–" where there is none."""
    words = number_words(metric, value)
    return f"{words} {metric.measure.unit_of(words)}".strip() if words else "–"


def compared_words(metric: Metric, standing: Standing | None) -> str:
    """Return how a figure compares with its baseline, as a sentence without a full stop; "" where it does not."""
    if standing is None or metric.goal is None or metric.goal.against is Against.VALUE:
        return ""
    if metric.goal.against is Against.TIMES:
        return f"{standing.value:.1f} times the baseline"
    share = 100 * standing.value
    return f"{abs(share):.0f} % {'less' if share >= 0 else 'more'} than the baseline"
