"""Figures of the metrics pages. Colours are tokens of the design system, so that they follow the theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go

from apps.console.engine.goals import Against
from apps.console.metrics.page import Row
from apps.console.metrics.words import number_words, with_unit
from apps.console.models import MetricSample

WIDTH, HEIGHT, PAD = 160.0, 40.0, 3.0


@dataclass(frozen=True)
class Look:
    """How the curve of an origin is drawn."""

    label: str
    colour: str
    dash: str


CURVES = {
    "ai": Look("AI", "var(--accent)", "solid"),
    "mixed": Look("Mixed", "var(--warn)", "dot"),
    "human_same_files": Look("Human, same files", "var(--muted)", "dash"),
}


@dataclass(frozen=True)
class Chart:
    """What the chart frame shows: a figure, a sentence, and the same data as a table."""

    figure: dict[str, Any] | None
    summary: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True)
class Spark:
    """A small multiple in a view box of 160 by 40: the line, and the band of its interval ("" where there is none)."""

    line: str
    band: str
    end: tuple[float, float]


def metric_chart(row: Row) -> Chart:
    """Return a metric week by week, with its interval and its goal."""
    told = [sample for sample in row.history if sample.value is not None]
    columns = ("Week of", "Value", "95 % interval", "n", "Missing")
    rows = [_table_row(row, sample) for sample in reversed(row.history)]
    if not told:
        return Chart(None, "There is no value in this period.", columns, rows)
    scale = 100 if row.metric.measure.unit == "%" else 1
    days = [sample.day.isoformat() for sample in told]
    figure = go.Figure(layout={"showlegend": False, "hovermode": "x unified"})
    _add_band(figure, told, scale)
    figure.add_scatter(
        x=days,
        y=[scale * (one.value or 0) for one in told],
        mode="lines+markers",
        line={"color": "var(--accent)", "width": 2},
        hovertemplate=f"%{{y:.2f}} {row.metric.measure.unit}<extra></extra>",
    )
    goal = row.metric.goal
    if goal is not None and goal.against is Against.VALUE:
        figure.add_scatter(
            x=[days[0], days[-1]],
            y=[scale * goal.bound] * 2,
            mode="lines",
            line={"color": "var(--muted)", "width": 1, "dash": "dash"},
            hovertemplate="Goal %{y}<extra></extra>",
        )
    figure.update_layout(
        yaxis={"rangemode": "tozero", "ticksuffix": " %" if scale == 100 else ""},
        xaxis={"type": "date", "range": _weeks(told)},
    )
    return Chart(figure.to_plotly_json(), _summary(row, told), columns, rows)


def _weeks(told: Sequence[MetricSample]) -> list[str]:
    """Return the ends of the axis of time: never less than four weeks, which nobody reads in milliseconds."""
    first, last = told[0].day, told[-1].day
    margin = max((last - first) / 20, (timedelta(weeks=4) - (last - first)) / 2)
    return [(first - margin).isoformat(), (last + margin).isoformat()]


def _add_band(figure: go.Figure, told: Sequence[MetricSample], scale: int) -> None:
    """Draw the interval below the line, where every sample has one."""
    bounds = [(one.low, one.high) for one in told if one.low is not None and one.high is not None]
    if len(bounds) < len(told):
        return
    line = {"x": [one.day.isoformat() for one in told], "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(y=[scale * high for _, high in bounds], **line)
    figure.add_scatter(y=[scale * low for low, _ in bounds], fill="tonexty", fillcolor="var(--accent-soft)", **line)


def survival_chart(survival: Mapping[str, Any]) -> Chart:
    """Return the survival curves of lines by origin, with the interval of the candidates' one."""
    drawn = {name: survival[name]["weeks"] for name in CURVES if survival.get(name, {}).get("weeks")}
    words = [CURVES[name].label for name in drawn]
    columns = ("Week", *(f"{label}: share" for label in words), *(f"{label}: lines at risk" for label in words))
    if not drawn:
        return Chart(None, "No line was followed yet.", columns, [])
    figure = go.Figure(layout={"showlegend": True, "hovermode": "x unified"})
    if "ai" in drawn:
        _band(figure, [week[0] / 7 for week in drawn["ai"]], drawn["ai"])
    for name, weeks in drawn.items():
        figure.add_scatter(
            x=[week[0] / 7 for week in weeks],
            y=[100 * week[1] for week in weeks],
            name=CURVES[name].label,
            mode="lines",
            line={"color": CURVES[name].colour, "width": 2, "dash": CURVES[name].dash, "shape": "hv"},
            hovertemplate="%{y:.1f} %",
        )
    figure.update_layout(
        xaxis={"title": {"text": "Weeks since the line began"}}, yaxis={"range": [0, 101], "ticksuffix": " %"}
    )
    told = [_lives(CURVES[name].label, survival[name]) for name in drawn]
    return Chart(figure.to_plotly_json(), "; ".join(told) + ".", columns, _survival_rows(list(drawn.values())))


def _band(figure: go.Figure, across: Sequence[float], weeks: Sequence[Sequence[float]]) -> None:
    """Draw the interval of a curve whose weeks are [days, survival, low, high, at risk]."""
    edge = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=across, y=[100 * week[3] for week in weeks], **edge)
    figure.add_scatter(
        x=across, y=[100 * week[2] for week in weeks], fill="tonexty", fillcolor="var(--accent-soft)", **edge
    )


def _lives(label: str, curve: Mapping[str, Any]) -> str:
    days, share = curve["weeks"][-1][:2]
    weeks = days // 7
    after = "1 week" if weeks == 1 else f"{weeks} weeks"
    return f"{label}: {100 * share:.0f} % of {curve['lines']} lines live after {after}"


def _survival_rows(curves: Sequence[Sequence[Sequence[float]]]) -> list[tuple[str, ...]]:
    longest = max(len(weeks) for weeks in curves)
    return [
        (
            str(number),
            *(f"{100 * weeks[number][1]:.1f} %" if number < len(weeks) else "–" for weeks in curves),
            *(f"{weeks[number][4]:.0f}" if number < len(weeks) else "–" for weeks in curves),
        )
        for number in range(longest)
    ]


def spark(history: Sequence[MetricSample]) -> Spark | None:
    """Return the small multiple of some samples, oldest first; None where fewer than two have a value."""
    told = [one for one in history if one.value is not None]
    if len(told) < 2:
        return None
    first, last = told[0].day.toordinal(), told[-1].day.toordinal()
    values = [end for one in told for end in (one.value, one.low, one.high) if end is not None]
    bottom, top = min(values), max(values)

    def place(sample: MetricSample, value: float) -> tuple[float, float]:
        across = (sample.day.toordinal() - first) / (last - first)
        up = (value - bottom) / (top - bottom) if top > bottom else 0.5
        return round(PAD + across * (WIDTH - 2 * PAD), 1), round(HEIGHT - PAD - up * (HEIGHT - 2 * PAD), 1)

    line = [place(one, one.value) for one in told if one.value is not None]
    has_band = all(one.low is not None and one.high is not None for one in told)
    around = [place(one, one.high or 0) for one in told] + [place(one, one.low or 0) for one in reversed(told)]
    return Spark(_points(line), _points(around) if has_band else "", line[-1])


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _table_row(row: Row, sample: MetricSample) -> tuple[str, ...]:
    metric = row.metric
    has_interval = sample.low is not None and sample.high is not None
    interval = f"{number_words(metric, sample.low)}–{number_words(metric, sample.high)}" if has_interval else "–"
    return f"{sample.day:%Y-%m-%d}", with_unit(metric, sample.value), interval, str(sample.n), sample.missing or "–"


def _summary(row: Row, told: Sequence[MetricSample]) -> str:
    now, then = told[-1], told[0]
    words = f"{row.metric.measure.title}: {with_unit(row.metric, now.value)} on {now.day:%-d %B %Y}"
    if len(told) == 1:
        return f"{words}, the only value in this period."
    return f"{words}, after {with_unit(row.metric, then.value)} on {then.day:%-d %B}."
