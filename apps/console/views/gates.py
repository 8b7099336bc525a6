"""Reading a gate's evidence anew, which a job does."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.console.flows.gates import evidence_request
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.governance.errors import NotAllowed
from apps.governance.http import current_user
from apps.governance.selectors.gate_pages import may_refresh
from apps.governance.selectors.gates import gate_get


@login_required
@require_POST
def gate_refresh(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    user = current_user(request)
    gate = gate_get(user, gate_id)
    if not may_refresh(gate, user):
        raise NotAllowed(
            "You cannot have this evidence read.",
            remedy="Whoever asked for the gate, sits on it, or edits thresholds can, until it is decided.",
        )
    evidence_request(gate_id=gate.pk, requested_by=user)
    response = redirect_after(request, reverse("governance:gate-detail", args=[gate.pk]))
    return notify(request, response, "The evidence is read in the background.")
