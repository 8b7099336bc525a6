"""Two signatures to go on although a gate failed: of a candidate in review, or of its pull request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core.clock import now
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.selectors import run_get
from apps.generation.services.overrides import (
    GateSheet,
    gate_override_ask,
    gate_override_confirm,
    gate_override_withdraw,
)
from apps.generation.types import RequestStatus as Status
from apps.governance.http import current_user, recorded_as
from apps.governance.models import Override, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import display_name, override_signer
from apps.governance.services import OverrideInvalid
from apps.governance.types import OverrideState

USUAL = timedelta(days=14)
LONGEST = timedelta(days=90)
SIGNED_FIRST = "Signed. A second person has to confirm it."


class OverrideForm(forms.Form):
    """Why a gate may be passed over, and for how long."""

    gate = forms.CharField(max_length=40)
    digest = forms.CharField(max_length=64)
    reason = forms.CharField(max_length=2000, error_messages={"required": "Say why it may go on all the same."})
    until = forms.DateField(error_messages={"required": "Say until when.", "invalid": "This is no date."})

    @property
    def ends_at(self) -> datetime:
        """The end of the chosen day."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time(23, 59)))


def override_first(request: HtmxRequest, request_id: UUID) -> OverrideForm | None:
    """Sign first with what was sent; return the form with its errors and words where that cannot be signed."""
    form = OverrideForm(request.POST)
    if not form.is_valid():
        return form
    try:
        gate_override_ask(
            request_id=request_id,
            gate=form.cleaned_data["gate"],
            actor=current_user(request),
            digest=form.cleaned_data["digest"],
            reason=form.cleaned_data["reason"],
            ends_at=form.ends_at,
            is_interactive=True,
        )
    except OverrideInvalid as error:
        form.add_error(None, str(error))
        return form
    return None


@recorded_as("override.confirm", "request", "request_id")
@login_required
@require_POST
@recently_authenticated
def override_sign(request: HtmxRequest, request_id: UUID, override_id: UUID) -> HttpResponse:
    user = current_user(request)
    run_get(user=user, request_id=request_id)
    gate_override_confirm(request_id=request_id, override_id=override_id, actor=user, is_interactive=True)
    return _back(request, request_id, "Signed. The override stands.")


@login_required
@require_POST
def override_take_back(request: HtmxRequest, request_id: UUID, override_id: UUID) -> HttpResponse:
    user = current_user(request)
    run_get(user=user, request_id=request_id)
    gate_override_withdraw(request_id=request_id, override_id=override_id, actor=user, is_interactive=True)
    return _back(request, request_id, "The override is withdrawn.")


def _back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    is_in_review = run_get(user=current_user(request), request_id=request_id).request.status == Status.IN_REVIEW
    name, place = ("review", "requirements") if is_in_review else ("request-detail", "pull-request")
    address = reverse(f"generation:{name}", args=[request_id])
    return notify(request, redirect_after(request, f"{address}#{place}"), text)


def gates_context(sheet: GateSheet, user: User, *, is_open: bool) -> dict[str, Any]:
    """Return each gate with the override it has and what *user* may do about it, and what still blocks."""
    current = sheet.overrides()
    signer = override_signer(user, sheet.run.repository.scope, sheet.subject("").barred)
    rows = []
    for gate in sheet.gates:
        found, state = current.get(gate["gate"], (None, None))
        rows.append(
            {
                **gate,
                "summary": _summary(gate),
                "digest": sheet.digests[gate["gate"]],
                "override": found and _override(found, stands=state is OverrideState.STANDS),
                "may_ask": is_open and not found and gate["status"] == "failed" and signer.may_ask,
                "may_confirm": is_open
                and state is OverrideState.WAITING
                and found is not None
                and signer.may_confirm(found.asked_by_id),
                "may_withdraw": is_open and found is not None and user.pk in {found.asked_by_id, found.confirmed_by_id},
            }
        )
    today = timezone.localdate(now())
    return {
        "gates": rows,
        "blocking": sheet.blocking(current),
        "override_day": today + USUAL,
        "override_first": today + timedelta(days=1),
        "override_last": today + LONGEST - timedelta(days=1),
    }


def _summary(gate: Mapping[str, Any]) -> str:
    """Return the first thing that was found, or the first line of what was measured."""
    said = [one["message"] for one in gate["findings"]] + gate["detail"].splitlines()
    if len(gate["findings"]) > 1:
        return f"{said[0]} And {len(gate['findings']) - 1} more."
    return str(said[0]) if said else ""


def _override(found: Override, *, stands: bool) -> dict[str, Any]:
    return {
        "id": found.pk,
        "reason": found.reason,
        "asked_by": display_name(found.asked_by),
        "confirmed_by": display_name(found.confirmed_by) if found.confirmed_by else "",
        "ends_at": found.ends_at,
        "stands": stands,
    }
