"""What decisions of people taught about models: expertise now, its course, and which verdict changed what."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.htmx import HtmxRequest
from apps.generation.charts import expertise_chart
from apps.generation.engine.calibration import ENOUGH, PUBLIC
from apps.generation.models import ExpertiseChange
from apps.generation.selectors import expertise_changes
from apps.generation.services.calibration import calibration_here
from apps.generation.services.weights import standings, trust_in_tests
from apps.generation.views.direct import request_tabs
from apps.governance.downloads import table_download
from apps.governance.http import current_user, require_anywhere
from apps.governance.types import Action

PAGE_SIZE = 50
MAX_DRAWN = 500
MAX_EXPORTED = 10_000
HEADER = (
    *("decided", "request", "title", "verdict", "model", "family", "answers"),
    *("before_mean", "before_low", "before_high", "mean", "low", "high"),
)


@login_required
@require_GET
def learned(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    model, family = request.GET.get("model", ""), request.GET.get("family", "")
    changes = expertise_changes(current_user(request), model=model, family=family)
    page = Paginator(changes, PAGE_SIZE).get_page(request.GET.get("page"))
    known = standings()
    drawn = list(changes[:MAX_DRAWN])[::-1]
    here = calibration_here().calibration
    context: dict[str, Any] = {
        "tabs": request_tabs("learned"),
        "standings": known,
        "tests": sorted(trust_in_tests().items()),
        "models": sorted({one.model for one in known}),
        "families": sorted({one.family for one in known}),
        "model": model,
        "family": family,
        "page": page,
        "chart": expertise_chart(drawn) if drawn else None,
        "drawn": len(drawn),
        "judged": here.judged,
        "is_local": here.is_local,
        "enough": ENOUGH,
        "public": PUBLIC,
    }
    return render(request, "generation/learned.html", context)


@login_required
@require_GET
def learned_table(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    model, family = request.GET.get("model", ""), request.GET.get("family", "")
    changes = expertise_changes(current_user(request), model=model, family=family)[:MAX_EXPORTED]
    return table_download(request, "expertise-changes.csv", [HEADER, *map(_cells, changes)])


def _cells(change: ExpertiseChange) -> tuple[object, ...]:
    shares = (change.before_mean, change.before_low, change.before_high, change.mean, change.low, change.high)
    return (
        change.changed_at.isoformat(),
        f"req_{change.run_id}",
        change.run.title,
        change.verdict,
        change.model_id,
        change.family,
        f"{change.answers:g}",
        *(f"{share:.4f}" for share in shares),
    )
