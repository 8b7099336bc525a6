"""Trying a version of a policy on the past, which a job does."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.console.flows.policy_trials import trial_request
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.governance.http import current_user, interactive
from apps.governance.policy_kinds import version_seen


@login_required
@require_POST
def version_try(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version, kind = version_seen(user, version_id)
    trial_request(kind, version_id=version.pk, actor=user, is_interactive=interactive(request))
    response = redirect_after(request, reverse("governance:version-detail", args=[version.pk]))
    return notify(request, response, "It is tried on the last 90 days in the background.")
