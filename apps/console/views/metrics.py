"""Metrics: what is measured, beside goals and the past; the figures behind; what the past was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.console.engine.baseline_files import COLUMNS, MAX_BYTES
from apps.console.forms import BaselineForm
from apps.console.metrics.baselines import BaselinesUnreadable, baselines_import, baselines_newest
from apps.console.metrics.catalogue import baseline_keys
from apps.console.metrics.charts import metric_chart, spark, survival_chart
from apps.console.metrics.page import (
    DEFAULT_PERIOD,
    PERIODS,
    groups_of,
    place_chosen,
    places_of,
    row_of,
    sample_rows,
    samples_of,
    survival_of,
)
from apps.console.metrics.sampling import samples_request
from apps.console.metrics.words import ORIGIN_WORDS
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.downloads import file_download, table_download
from apps.governance.http import current_user, require
from apps.governance.models import Scope
from apps.governance.selectors import can
from apps.governance.types import Action


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a place among those that may be read, a period and an origin."""

    places: list[Scope]
    place: Scope
    period: str
    origin: str

    @classmethod
    def of(cls, request: HtmxRequest) -> Asked:
        """
        Read the address.

        :raises NotFound: the place cannot be read, or there is none.
        """
        places = places_of(current_user(request))
        if not places:
            raise NotFound("You have no role in a repository yet, so there is nothing to measure for you.")
        values = request.POST if request.method == "POST" else request.GET
        place = place_chosen(
            places, organisation=values.get("organisation", ""), repository=values.get("repository", "")
        )
        period, origin = values.get("period", DEFAULT_PERIOD), values.get("origin", "")
        return cls(
            places, place, period if period in PERIODS else DEFAULT_PERIOD, origin if origin in ORIGIN_WORDS else ""
        )

    @property
    def weeks(self) -> int:
        """How many weeks are shown."""
        return PERIODS[self.period]

    def query(self, **changed: str) -> str:
        """Return the address's query with some of it changed."""
        values = {
            "organisation": self.place.organisation.name,
            "repository": self.place.repository,
            "period": self.period,
            "origin": self.origin,
            **changed,
        }
        return urlencode({name: value for name, value in values.items() if value})

    def context(self) -> dict[str, Any]:
        """Return what every page shows of it."""
        return {
            "place": self.place,
            "place_name": place_name(self.place),
            "period": self.period,
            "origin": self.origin,
            "query": self.query(),
            "places": [
                {
                    "label": place_name(place),
                    "query": self.query(organisation=place.organisation.name, repository=place.repository),
                    "is_current": place == self.place,
                }
                for place in self.places
            ],
            "periods": [
                {"label": f"{weeks} weeks", "query": self.query(period=name), "is_current": name == self.period}
                for name, weeks in PERIODS.items()
            ],
            "origins": [
                {"label": label, "query": self.query(origin=name), "is_current": name == self.origin}
                for name, label in ORIGIN_WORDS.items()
            ],
        }


def place_name(place: Scope) -> str:
    """Return a place as people call it."""
    return place.repository or f"All of {place.organisation.name}"


@login_required
@require_GET
def metrics(request: HtmxRequest) -> HttpResponse:
    if not places_of(current_user(request)):
        return render(request, "console/metrics.html", {"place": None})
    asked = Asked.of(request)
    groups = groups_of(asked.place, weeks=asked.weeks, origin=asked.origin, today=now().date())
    lineage = survival_of(asked.place) if asked.place.repository else None
    taken = [row.sample.taken_at for group in groups for row in group.rows if row.sample]
    context = asked.context() | {
        "groups": [
            {"title": group.title, "rows": [{"row": row, "spark": spark(row.history)} for row in group.rows]}
            for group in groups
        ],
        "survival": survival_chart(lineage.survival) if lineage else None,
        "lineage": lineage,
        "taken_at": max(taken, default=None),
        "can_measure": can(current_user(request), Action.QUALITY_MEASURE, asked.place),
    }
    return render(request, "console/metrics.html", context)


@login_required
@require_GET
def metric_detail(request: HtmxRequest, key: str) -> HttpResponse:
    asked = Asked.of(request)
    row = row_of(asked.place, key=key, weeks=asked.weeks, origin=asked.origin, today=now().date())
    context = asked.context() | {
        "row": row,
        "chart": metric_chart(row),
        "n": row.sample.n if row.sample else None,
        "as_of": row.sample.as_of if row.sample else None,
        "chart_id": "metric-" + key.replace(".", "-"),
        "trail": [("Metrics", f"{reverse('console:metrics')}?{asked.query()}")],
    }
    return render_page(request, "console/metric_detail.html", context, fragment="console/_metric_figure.html")


@login_required
@require_POST
def metrics_measure(request: HtmxRequest) -> HttpResponse:
    asked = Asked.of(request)
    require(request, Action.QUALITY_MEASURE, asked.place)
    samples_request(requested_by=current_user(request))
    back = redirect_after(request, f"{reverse('console:metrics')}?{asked.query()}")
    return notify(request, back, "Everything is measured in the background. Reload the page in a minute.")


@login_required
@require_GET
def metrics_export(request: HtmxRequest, form: str) -> HttpResponse:
    asked = Asked.of(request)
    only = request.GET.get("metric", "")
    found = sample_rows(samples_of(asked.place, weeks=asked.weeks, today=now().date()))
    rows = [row for row in found if not only or row["metric"] == only]
    if form == "json":
        told = json.dumps({"place": str(asked.place), "period": asked.period, "samples": rows})
        return file_download(request, "metrics.json", told, content_type="application/json", scope=asked.place)
    heading = tuple(rows[0]) if rows else ("metric",)
    table = [heading, *(tuple(row.values()) for row in rows)]
    return table_download(request, "metrics.csv", table, scope=asked.place)


@login_required
@require_http_methods(["GET", "POST"])
def baselines(request: HtmxRequest) -> HttpResponse:
    asked = Asked.of(request)
    form = BaselineForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        require(request, Action.THRESHOLD_EDIT, asked.place)
        if form.is_valid():
            try:
                kept = baselines_import(
                    actor=current_user(request),
                    scope=asked.place,
                    content=form.cleaned_data["file"].read(MAX_BYTES + 1),
                )
            except BaselinesUnreadable as error:
                form.add_error("file", str(error))
            else:
                back = redirect_after(request, f"{reverse('console:baselines')}?{asked.query()}")
                return notify(request, back, f"{len(kept)} baselines are kept as the newest version.")
        status = 422
    known = {one.key: one for one in baselines_newest(asked.place)}
    context = asked.context() | {
        "rows": [{"key": key, "past": past, "baseline": known.get(key)} for key, past in baseline_keys().items()],
        "columns": COLUMNS,
        "form": form if can(current_user(request), Action.THRESHOLD_EDIT, asked.place) else None,
        "trail": [("Metrics", f"{reverse('console:metrics')}?{asked.query()}")],
    }
    return render(request, "console/baselines.html", context, status=status)
