"""Home: what waits for you first, then what runs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.console import selectors
from apps.console.activity import FILTERS, activity
from apps.console.first_steps import are_dismissed, first_steps, steps_dismiss
from apps.console.leads import lead_for
from apps.console.metrics.trends import trends_for
from apps.core.clock import now
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.services.stages import STAGES
from apps.governance.http import current_user
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.selectors.gates import gate_next
from apps.governance.selectors.ladder import ladder_summary
from apps.governance.types import Action
from apps.providers.selectors import local_models
from apps.providers.services import local_model_cancel, local_model_fetch, local_model_remove
from apps.sandbox.services import sandbox_probe

PROBE_S = 600
PROGRESS = {"queued": 1, "generating": 2, "checking": 3, "consensus": 4, "approved": 6, "delivering": 6}


@login_required
@require_GET
def home(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    steps = [] if are_dismissed(user) else first_steps(user)
    show = request.GET.get("activity", "all")
    show = show if show in FILTERS else "all"
    waiting = selectors.waiting_for(user)
    to_merge = list(selectors.to_merge(user))
    others = selectors.waiting_for_others(user)
    context = {
        "waiting": waiting,
        "lead": lead_for(user, waiting=waiting, to_merge=to_merge),
        "others_count": others.count(),
        "others_oldest": others.first(),
        "may_write": selectors.may_write(user),
        "has_place": selectors.has_place(user),
        "running": [
            {"run": run, "done": PROGRESS.get(run.request.status, 0), "of": len(STAGES)}
            for run in selectors.under_way(user)
        ],
        "to_merge": to_merge,
        "recent": selectors.recent(user),
        "steps": steps,
        "is_new": not all(step.is_done for step in steps),
        "activity": activity(user, show=show),
        "activity_filters": [(name, label, name == show) for name, (label, _) in FILTERS.items()],
        "budgets_nearly_used": ", ".join(selectors.budgets_nearly_used(user)),
        "ladder": ladder_summary(user),
        "gate": gate_next(user),
        "trends": trends_for(user, today=now().date()),
        **_models(user),
        "sandbox": cache.get_or_set("sandbox.probe", sandbox_probe, PROBE_S),
    }
    return render(request, "console/home.html", context)


@login_required
@require_POST
def steps_hide(request: HtmxRequest) -> HttpResponse:
    steps_dismiss(user=current_user(request))
    return notify(request, redirect_after(request, "/"), "Settings, Notifications brings the first steps back.")


@login_required
@require_GET
def models(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    return render(request, "console/_models.html", _models(user))


def _models(user: User) -> dict[str, Any]:
    fetched = local_models()
    return {
        "models": fetched,
        "is_fetching": any(model.is_under_way for model in fetched),
        "can_manage_models": can(user, Action.MODELS_MANAGE, None),
    }


@login_required
@require_POST
def model_cancel(request: HtmxRequest, name: str) -> HttpResponse:
    local_model_cancel(name=name, actor=current_user(request))
    return notify(request, redirect_after(request, "/"), "The model is no longer fetched. What is here is kept.")


@login_required
@require_POST
def model_fetch(request: HtmxRequest, name: str) -> HttpResponse:
    local_model_fetch(name=name, actor=current_user(request))
    return notify(request, redirect_after(request, "/"), "The model is fetched in the background.")


@login_required
@require_POST
def model_remove(request: HtmxRequest, name: str) -> HttpResponse:
    local_model_remove(name=name, actor=current_user(request))
    return notify(request, redirect_after(request, "/"), "The model is removed. Fetch brings it back.")
