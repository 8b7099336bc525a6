"""Sample content for the component gallery: every component in every state, with what it is meant for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go
from django import forms

from apps.core.highlighting import code_lines, diff_columns, diff_lines
from apps.core.states import STATES

Sample = dict[str, Any]

BEFORE = '''def slugify(title: str) -> str:
    """Return a title as a URL part."""
    return title.lower().replace(" ", "-")
'''

CANDIDATE_A = '''import re
import unicodedata


def slugify(title: str) -> str:
    """Return a title as a URL part."""
    plain = unicodedata.normalize("NFKD", title)
    ascii_only = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
'''

CANDIDATE_B = '''def slugify(title: str) -> str:
    """Return a title as a URL part."""
    words = title.lower().split()
    return "-".join(word for word in words if word)
'''

WEEKS = ["2026-W36", "2026-W37", "2026-W38", "2026-W39", "2026-W40", "2026-W41", "2026-W42", "2026-W43"]
COVERAGE = [83.1, 84.0, 84.0, 86.4, 88.2, 88.9, 90.6, 91.2]


SWATCHES = (
    "bg",
    "surface",
    "sunken",
    "ink",
    "muted",
    "line",
    "hairline",
    "accent",
    "ok",
    "warn",
    "bad",
    "origin-ai",
    "add",
    "del",
    "debt-1",
    "debt-2",
    "debt-3",
    "debt-4",
    "debt-5",
)


class SpecificationForm(forms.Form):
    """A form with one of each control; bound without data, it shows its errors."""

    title = forms.CharField(max_length=120, help_text="One line that says what the code does.")
    repository = forms.ChoiceField(choices=(("demo-shop", "demo-shop"), ("billing", "billing")))
    text = forms.CharField(widget=forms.Textarea, label="Specification", help_text="Plain prose. Examples help most.")
    risk = forms.ChoiceField(widget=forms.RadioSelect, choices=(("low", "Low"), ("medium", "Medium"), ("high", "High")))
    notify = forms.BooleanField(required=False, label="Tell me when a review is ready")


def coverage_figure() -> Sample:
    """Return the trend that the gallery shows."""
    figure = go.Figure(
        go.Scatter(
            x=WEEKS,
            y=COVERAGE,
            mode="lines+markers",
            line={"color": "var(--accent)", "width": 2},
            name="Branch coverage",
        )
    )
    figure.add_hline(y=90, line={"color": "var(--line)", "dash": "dash", "width": 1})
    figure.update_layout(xaxis={}, yaxis={"ticksuffix": " %", "range": [80, 95]}, showlegend=False)
    drawn: Sample = figure.to_plotly_json()
    return drawn


def debt_figure() -> Sample:
    """Return a small debt treemap on the whole ramp."""
    files = ("pricing.py", "tax.py", "slugs.py", "cart.py", "dates.py")
    drawn: Sample = go.Figure(
        go.Treemap(
            labels=files,
            parents=[""] * len(files),
            values=[5, 8, 13, 21, 34],
            marker={
                "colors": [f"var(--debt-{step})" for step in (1, 2, 3, 4, 5)],
                "line": {"width": 1, "color": "var(--line)"},
            },
            textfont={"color": ["var(--on-debt-low)"] * 3 + ["var(--on-debt-high)"] * 2},
        ),
        layout={"margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "hovermode": "closest"},
    ).to_plotly_json()
    return drawn


def queue(at: datetime) -> list[Sample]:
    """Return rows of a review queue in five states."""
    evidence = [
        {"name": "lint", "state": "passed"},
        {"name": "type", "state": "passed"},
        {"name": "test", "state": "passed", "detail": "214 of 214"},
        {"name": "cov", "state": "insufficient_data", "detail": "no coverage was uploaded"},
    ]
    failing = [{**evidence[0]}, {"name": "type", "state": "failed", "detail": "2 errors"}, *evidence[2:]]
    return [
        {
            "title": "Slugs keep letters of every alphabet",
            "repository": "demo-shop",
            "state": "needs_you",
            "risk": "low",
            "checks": evidence,
            "waiting": at - timedelta(minutes=12),
        },
        {
            "title": "Retry a payment at most three times",
            "repository": "billing",
            "state": "running",
            "risk": "high",
            "checks": evidence[:2],
            "waiting": at - timedelta(seconds=40),
        },
        {
            "title": "Round invoices half to even",
            "repository": "billing",
            "state": "blocked",
            "risk": "medium",
            "checks": failing,
            "waiting": at - timedelta(hours=5),
        },
        {
            "title": "Parse ISO weeks",
            "repository": "demo-shop",
            "state": "delivered",
            "risk": "low",
            "checks": evidence,
            "waiting": at - timedelta(days=2),
        },
        {
            "title": "Cache prices for one request",
            "repository": "demo-shop",
            "state": "draft",
            "risk": "low",
            "checks": [],
            "waiting": at - timedelta(days=6),
        },
    ]


def stages() -> Sample:
    """Return a run that is under way and one that failed."""
    return {
        "stages": [
            {"label": "Analysed", "state": "done", "note": "0.2 s"},
            {"label": "Queued", "state": "done", "note": "0.1 s"},
            {"label": "Generating", "state": "done", "note": "14 s · 4 candidates"},
            {"label": "Checking", "state": "done", "note": "3.1 s"},
            {"label": "Consensus", "state": "current", "note": "62 of 214 inputs"},
            {"label": "Review", "state": "waiting"},
            {"label": "Delivery", "state": "waiting"},
            {"label": "Observed", "state": "waiting"},
        ],
        "failed_stages": [
            {"label": "Analysed", "state": "done", "note": "0.2 s"},
            {"label": "Generating", "state": "failed", "note": "no model answered"},
            {"label": "Checking", "state": "skipped"},
        ],
    }


def code() -> Sample:
    """Return code in one column, two and three."""
    left, right = diff_columns(BEFORE, CANDIDATE_A)
    return {
        "source": CANDIDATE_A,
        "source_lines": code_lines(CANDIDATE_A),
        "patch_lines": diff_lines(BEFORE, CANDIDATE_B),
        "base_panes": [
            {"title": "Base 2780e4b", "lines": left, "note": "3 lines"},
            {"letter": "A", "title": "slugs.py", "lines": right, "note": "+8 −1", "state": "passed"},
        ],
        "candidate_panes": [
            {"letter": "A", "title": "slugs.py", "lines": code_lines(CANDIDATE_A), "state": "passed"},
            {"letter": "B", "title": "slugs.py", "lines": code_lines(CANDIDATE_B), "state": "failed"},
            {"letter": "C", "title": "slugs.py", "lines": code_lines(CANDIDATE_A), "state": "passed"},
        ],
    }


def cells(*states: str) -> list[Sample]:
    """Return the cells of an evidence row; ``passed:6 of 6`` shows a value in place of the word."""
    return [{"state": state, "value": value} for state, _, value in (text.partition(":") for text in states)]


def evidence() -> Sample:
    """Return what a review weighs: checks by candidate, and the two tallies."""
    return {
        "letters": ["A", "B", "C"],
        "all_letters": ["A", "B", "C", "D", "E"],
        "checks": [
            {"name": "ruff", "differs": False, "cells": cells("passed", "passed", "passed")},
            {"name": "Examples", "differs": True, "cells": cells("passed:6 of 6", "failed:4 of 6", "passed:6 of 6")},
            {"name": "Types", "differs": True, "cells": cells("passed", "passed", "error")},
            {
                "name": "Coverage",
                "differs": False,
                "cells": [one | {"detail": "Its tests were not run."} for one in cells(*["insufficient_data"] * 3)],
            },
        ],
        "consensus_facts": [("clusters", "2"), ("entropy", "0.81 bit"), ("n", "214 inputs")],
        "seats": [
            {"name": "Owner of demo-shop", "state": "met", "note": "mara, 14 min ago"},
            {"name": "Reviewer", "state": "needs_you"},
        ],
    }


def samples(at: datetime) -> Sample:
    """Return what ``console/design.html`` shows at the time ``at``."""
    return {
        "trail": [("Home", "/")],
        "states": list(STATES),
        "foreign_states": ("in_review", "generating", "passed", "failed", "cancelled", "anything else"),
        "rows": queue(at),
        "empty_form": SpecificationForm(auto_id="empty_%s", initial={"repository": "demo-shop", "risk": "low"}),
        "wrong_form": SpecificationForm({"repository": "demo-shop", "notify": "on"}, auto_id="wrong_%s"),
        "tabs": [
            {"label": "Coverage", "url": "#tabs", "is_current": True},
            {"label": "Debt", "url": "#tabs", "count": 20},
            {"label": "Reviews", "url": "#tabs", "count": 3},
            {"label": "Mutation", "url": "#tabs"},
        ],
        **stages(),
        **code(),
        **evidence(),
        "facts": [("Base", "2780e4b"), ("Digest", "9f2c41d07a3e"), ("Candidates", "4"), ("Requested by", "jonas")],
        "figure": coverage_figure(),
        "debt_figure": debt_figure(),
        "debt_rows": [["dates.py", "34"], ["cart.py", "21"], ["slugs.py", "13"], ["tax.py", "8"], ["pricing.py", "5"]],
        "debt_columns": ["File", "Minutes"],
        "chart_columns": ["Week", "Branch coverage"],
        "chart_rows": [[week, f"{value:.1f} %"] for week, value in zip(WEEKS, COVERAGE, strict=True)],
        "as_of": at,
        "swatches": SWATCHES,
    }
