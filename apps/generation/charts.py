"""Figures of the generation pages. Colours are tokens of the design system, so that they follow the theme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go

from apps.generation.models import ExpertiseChange

COLOURS = ("--candidate-a", "--candidate-b", "--candidate-c", "--candidate-d", "--candidate-e", "--muted")
MARKS = ("circle", "square", "diamond", "triangle-up", "x", "cross")


@dataclass(frozen=True)
class Chart:
    """What the chart frame shows: a figure, a sentence, and the same data as a table."""

    figure: dict[str, Any]
    summary: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def expertise_chart(changes: Sequence[ExpertiseChange]) -> Chart:
    """Return the course of expertise by model and family; *changes* are one or more, oldest first."""
    courses: dict[tuple[str, str], list[ExpertiseChange]] = defaultdict(list)
    for change in changes:
        courses[change.model_id, change.family].append(change)
    drawn = sorted(courses, key=lambda pair: (-len(courses[pair]), pair))[: len(COLOURS)]
    figure = go.Figure(layout={"showlegend": True, "hovermode": "closest"})
    for at, pair in enumerate(drawn):
        _draw(figure, pair, courses[pair], COLOURS[at], MARKS[at])
    figure.update_layout(xaxis={"range": _days(changes)}, yaxis={"range": [0, 1], "tickformat": ".0%"})
    return Chart(
        figure.to_plotly_json(),
        _summary(courses, len(drawn)),
        ("Decided", "Model", "Family", "Right answers expected", "95 % interval", "Judged answers"),
        [_row(change) for change in reversed(changes)],
    )


def _days(changes: Sequence[ExpertiseChange]) -> list[str]:
    """Return the ends of the axis of time: never less than a day, which nobody reads in milliseconds."""
    first, last = changes[0].changed_at, changes[-1].changed_at
    margin = max((last - first) / 20, (timedelta(days=1) - (last - first)) / 2)
    return [(first - margin).isoformat(), (last + margin).isoformat()]


def _draw(figure: go.Figure, pair: tuple[str, str], course: Sequence[ExpertiseChange], colour: str, mark: str) -> None:
    figure.add_scatter(
        x=[change.changed_at.isoformat() for change in course],
        y=[change.mean for change in course],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [change.high - change.mean for change in course],
            "arrayminus": [change.mean - change.low for change in course],
            "thickness": 1,
            "width": 3,
        },
        name=f"{pair[0]}, {pair[1]}",
        mode="lines+markers",
        line={"color": f"var({colour})", "width": 2},
        marker={"symbol": mark, "size": 8},
        hovertemplate="%{y:.1%}<extra>%{fullData.name}</extra>",
    )


def _summary(courses: dict[tuple[str, str], list[ExpertiseChange]], drawn: int) -> str:
    moved = max(
        courses.values(), key=lambda course: (abs(course[-1].mean - course[0].before_mean), course[-1].model_id)
    )
    first, last = moved[0], moved[-1]
    before, after, low, high = (f"{share * 100:.0f} %" for share in (first.before_mean, last.mean, last.low, last.high))
    said = f"{last.model_id} moved most, in {last.family}: from {before} to {after} (95 % interval {low} to {high})."
    left = len(courses) - drawn
    return f"{said} {left} more {'is' if left == 1 else 'are'} in the table." if left else said


def _row(change: ExpertiseChange) -> tuple[str, ...]:
    return (
        f"{change.changed_at:%Y-%m-%d %H:%M}",
        change.model_id,
        change.family,
        f"{change.mean * 100:.1f} %",
        f"{change.low * 100:.1f} % to {change.high * 100:.1f} %",
        f"{change.answers:g}",
    )
