"""Figures of the quality pages. Colours are tokens of the design system, so that they follow the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from apps.quality.engine.debt import MINUTES_PER_LINE, rating
from apps.quality.engine.treemap import Area, Weight, treemap_cells
from apps.quality.models import CoverageReport

# The ramp is the same in both themes, so the labels on it are, too: ink on its first three steps, white on the others.
RAMP = {
    "A": ("var(--debt-1)", "#16181D"),
    "B": ("var(--debt-2)", "#16181D"),
    "C": ("var(--debt-3)", "#16181D"),
    "D": ("var(--debt-4)", "#FFFFFF"),
    "E": ("var(--debt-5)", "#FFFFFF"),
}
MAX_CELLS = 1500


@dataclass(frozen=True)
class Chart:
    """What the chart frame shows: a figure, a sentence, and the same data as a table."""

    figure: dict[str, Any]
    summary: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def coverage_trend_chart(reports: Sequence[CoverageReport]) -> Chart:
    """Return line and branch coverage over the measured commits; ``reports`` are at least one, oldest first."""
    labels = [report.revision.sha[:8] for report in reports]
    figure = go.Figure(layout={"showlegend": True, "hovermode": "x unified"})
    figure.add_scatter(
        x=labels,
        y=[float(report.line_percent) for report in reports],
        name="Lines",
        mode="lines+markers",
        line={"color": "var(--accent)", "width": 2},
        hovertemplate="%{y:.1f} %",
    )
    branches = [None if report.branch_percent is None else float(report.branch_percent) for report in reports]
    if any(value is not None for value in branches):
        figure.add_scatter(
            x=labels,
            y=branches,
            name="Branches",
            mode="lines+markers",
            line={"color": "var(--muted)", "width": 2, "dash": "dash"},
            marker={"symbol": "square"},
            hovertemplate="%{y:.1f} %",
        )
    figure.update_layout(xaxis={"type": "category"}, yaxis={"range": [0, 100], "ticksuffix": " %"})
    return Chart(
        figure.to_plotly_json(),
        _trend_summary(reports),
        ("Commit", "Committed", "Lines", "Branches", "Tests", "Failed"),
        [_trend_row(report) for report in reversed(reports)],
    )


def debt_treemap_chart(files: Sequence[dict[str, Any]], area: Area) -> Chart:
    """
    Return the debt of files (as they are stored) as a treemap: area is what it costs, colour the debt ratio.

    It is drawn in the browser, which takes about ``MAX_CELLS`` well; more are for ``apps.quality.debt_map``.
    """
    weights = weights_of(files)
    cells = treemap_cells(weights, area)
    ratings = [rating(cell.minutes / (MINUTES_PER_LINE * max(cell.code_lines, 1))) for cell in cells]
    figure = go.Figure(
        go.Treemap(
            ids=[cell.id for cell in cells],
            parents=[cell.parent for cell in cells],
            labels=[cell.label for cell in cells],
            values=[cell.area for cell in cells],
            customdata=[[cell.minutes, cell.code_lines, letter] for cell, letter in zip(cells, ratings, strict=True)],
            branchvalues="total",
            tiling={"pad": 1},
            marker={
                "colors": [RAMP[letter][0] for letter in ratings],
                "line": {"width": 1, "color": "var(--line)"},
            },
            textfont={"color": [RAMP[letter][1] for letter in ratings]},
            texttemplate="%{label}<br>%{customdata[0]} min · %{customdata[2]}",
            hovertemplate="%{id}<br>%{customdata[0]} min, %{customdata[1]} lines, %{customdata[2]}<extra></extra>",
            pathbar={"visible": True},
        ),
        layout={"margin": {"l": 0, "r": 0, "t": 24, "b": 0}, "hovermode": "closest"},
    )
    return Chart(figure.to_plotly_json(), debt_summary(weights, area), *debt_table(files))


def weights_of(files: Sequence[dict[str, Any]]) -> list[Weight]:
    """Return files (as they are stored) as a treemap weighs them."""
    return [Weight(file["path"], file["minutes"], file["code_lines"], file["touches"]) for file in files]


def debt_table(files: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the headings and rows of those files that owe something."""
    return ("File", "Minutes", "Changes in 90 days", "Lines", "Rating"), [
        (file["path"], str(file["minutes"]), str(file["touches"]), str(file["code_lines"]), file["rating"])
        for file in files
        if file["minutes"]
    ]


def _trend_summary(reports: Sequence[CoverageReport]) -> str:
    last = reports[-1]
    now = f"The tests run {last.line_percent:.1f} % of the lines at {last.revision.sha[:8]}"
    if len(reports) == 1:
        return f"{now}, the only commit measured so far."
    change = last.line_percent - reports[-2].line_percent
    if change == 0:
        return f"{now}, as at the commit measured before it."
    return f"{now}, {abs(change):.1f} points {'more' if change > 0 else 'less'} than at the commit measured before it."


def _trend_row(report: CoverageReport) -> tuple[str, ...]:
    return (
        report.revision.sha[:8],
        f"{report.revision.committed_at:%Y-%m-%d %H:%M}",
        f"{report.line_percent:.1f} %",
        "–" if report.branch_percent is None else f"{report.branch_percent:.1f} %",
        "–" if report.tests_run is None else str(report.tests_run),
        "–" if report.tests_run is None else str(report.tests_failed),
    )


def debt_summary(weights: Sequence[Weight], area: Area) -> str:
    """Return how many files owe something, and how much of it the largest hold, as a sentence."""
    debtors = sorted((weight for weight in weights if weight.minutes), key=lambda weight: -weight.area(area))
    if not debtors:
        return f"None of the {len(weights)} files owes anything."
    total = sum(weight.area(area) for weight in debtors)
    share = 100 * sum(weight.area(area) for weight in debtors[:3]) / total
    what = "minutes weighted by recent changes" if area == "interest" else "minutes"
    count = min(3, len(debtors))
    holders = f"the largest of them holds {share:.0f} %" if count == 1 else f"{count} of them hold {share:.0f} %"
    return f"{len(debtors)} of {len(weights)} files owe something; {holders} of the {what}."
