"""How much of the changes under review was in view: by repository, of groups of ten reviews, never of a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.exports import Row
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.core.intervals import wilson
from apps.core.numbers import whole_number
from apps.generation.engine.activity import CLASSES, class_words, quantile_class
from apps.generation.engine.depth import GROUP, TENTHS, quartiles, tenth_words
from apps.generation.models.canaries import MOST_PERCENT
from apps.generation.selectors import Depth, depths_of
from apps.generation.services.canaries import canary_share_set
from apps.generation.views.direct import request_tabs
from apps.governance.downloads import table_download
from apps.governance.http import current_user
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.repositories.selectors import repository_get

SHARES = (0.25, 0.5, 0.9)
COLUMNS = ("Changed lines in view, in %", "Reviews")


@login_required
@require_GET
def depth(request: HtmxRequest) -> HttpResponse:
    return _page(request)


@login_required
@require_POST
def canary_share(request: HtmxRequest) -> HttpResponse:
    """Set in how many requests of a repository something is wrong on purpose."""
    user = current_user(request)
    repository = repository_get(user=user, name=request.POST.get("repository", ""))
    percent = whole_number(request.POST.get("percent", "").strip())
    canary_share_set(
        repository=repository,
        percent=-1 if percent is None else percent,
        actor=user,
        session_key=request.session.session_key or "",
    )
    response = redirect_after(request, f"{reverse('generation:depth')}?{urlencode({'repository': repository.name})}")
    return notify(request, response, "The share is set.")


def _page(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    found = depths_of(user)
    asked = request.GET.get("repository", "")
    told = [one for one in found if one.measured]
    named = (one for one in found if one.repository.name == asked)
    shown = next(named, None) or next(iter(told or found), None)
    context = {
        "rows": [_row(one) for one in found],
        "shown": shown,
        "chart": _chart(shown) if shown and shown.measured else None,
        "needed": GROUP,
        "most_percent": MOST_PERCENT,
        "may_seed": bool(shown and can(user, Action.THRESHOLD_EDIT, shown.repository.scope) and not user.is_service),
        "tabs": request_tabs("depth"),
    }
    return render(request, "generation/depth.html", context)


@login_required
@require_GET
def depth_export(request: HtmxRequest) -> HttpResponse:
    return table_download(request, "review-depth.csv", _table(depths_of(current_user(request))))


def _table(found: list[Depth]) -> Iterator[Row]:
    yield ("repository", "measure", "told_until", "from", "to", "reviews")
    for one in found:
        for tenth in range(TENTHS) if one.measured else ():
            yield (one.repository.name, "depth", one.until, 10 * tenth, 10 * tenth + 10, one.counts.get(tenth, 0))
        if one.measured:
            yield (one.repository.name, "depth", one.until, None, None, one.unmeasured)
        for number in range(len(CLASSES)) if one.active else ():
            upper = CLASSES[number + 1] if number + 1 < len(CLASSES) else None
            yield (one.repository.name, "active minutes", None, CLASSES[number], upper, one.active.get(number, 0))
        if one.seeded:
            yield (one.repository.name, "canaries caught", None, None, None, one.caught)
            yield (one.repository.name, "canaries missed", None, None, None, one.seeded - one.caught)


def _row(one: Depth) -> dict[str, Any]:
    caught = wilson(one.caught, one.seeded)
    return {
        "depth": one,
        "quartiles": [tenth_words(tenth) for tenth in quartiles(one.counts)],
        "active": [class_words(quantile_class(one.active, share)) for share in SHARES] if one.active else [],
        "active_reviews": sum(one.active.values()),
        "caught": f"{one.caught} of {one.seeded}, {100 * caught.low:.0f} to {100 * caught.high:.0f} %",
    }


def _chart(shown: Depth) -> dict[str, Any]:
    labels = [f"{10 * tenth}–{10 * tenth + 10}" for tenth in range(TENTHS)]
    counts = [shown.counts.get(tenth, 0) for tenth in range(TENTHS)]
    return {
        "summary": depth_words(shown),
        "figure": {
            "data": [
                {
                    "type": "bar",
                    "x": labels,
                    "y": counts,
                    "marker": {"color": "var(--accent)"},
                    "hovertemplate": "%{y} with %{x} %<extra></extra>",
                }
            ],
            "layout": {"xaxis": {"type": "category"}, "yaxis": {"rangemode": "tozero", "tickformat": "d"}},
        },
        "columns": COLUMNS,
        "rows": [*zip(labels, counts, strict=True), ("not measured", shown.unmeasured)],
    }


def depth_words(shown: Depth) -> str:
    """Return the finding in words: where the middle and the lowest quarter of the reviews lie."""
    lower, median, _ = (tenth_words(tenth) for tenth in quartiles(shown.counts))
    unmeasured = f" {shown.unmeasured} more could not be measured." if shown.unmeasured else ""
    middle = f"The median of {shown.measured} reviews had {median} of the changed lines in view"
    return f"{middle}; a quarter of them had {lower} or less.{unmeasured}"
