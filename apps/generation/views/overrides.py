"""Two signatures to go on although a gate failed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core.clock import now
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.models import PullRequest
from apps.generation.selectors import run_get
from apps.generation.services.overrides import (
    gate_override_confirm,
    gate_override_withdraw,
    gates_left,
    gates_subject,
)
from apps.governance.models import Override, User
from apps.governance.selectors import display_name, override_signer, overrides_of, overrides_stand
from apps.governance.types import OverrideState

USUAL = timedelta(days=14)
LONGEST = timedelta(days=90)


class OverrideForm(forms.Form):
    """Why a gate may be passed over, and for how long."""

    gate = forms.CharField(max_length=40)
    digest = forms.CharField(max_length=64)
    reason = forms.CharField(max_length=2000, error_messages={"required": "Say why it may be merged all the same."})
    until = forms.DateField(error_messages={"required": "Say until when.", "invalid": "This is no date."})

    @property
    def ends_at(self) -> datetime:
        """The end of the chosen day."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time(23, 59)))


@login_required
@require_POST
def override_sign(request: HtmxRequest, request_id: UUID, override_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    run_get(user=user, request_id=request_id)
    gate_override_confirm(request_id=request_id, override_id=override_id, actor=user, is_interactive=True)
    return _back(request, request_id, "Signed. The override stands.")


@login_required
@require_POST
def override_take_back(request: HtmxRequest, request_id: UUID, override_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    run_get(user=user, request_id=request_id)
    gate_override_withdraw(request_id=request_id, override_id=override_id, actor=user, is_interactive=True)
    return _back(request, request_id, "The override is withdrawn.")


def _back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    address = reverse("generation:request-detail", args=[request_id])
    return notify(request, redirect_after(request, f"{address}#pull-request"), text)


def gates_context(pull_request: PullRequest, user: User) -> dict[str, Any]:
    """Return each gate with the override it has and what *user* may do about it, and what still blocks the merge."""
    subject = gates_subject(pull_request)
    given = overrides_stand(overrides_of(subject.kind, subject.id), digest=subject.digest)
    current = {
        one.check_name: (one, state) for one, state in given if state in {OverrideState.WAITING, OverrideState.STANDS}
    }
    signer = override_signer(user, pull_request.request.run.repository.scope, subject.barred)
    is_open = pull_request.state == PullRequest.State.OPEN
    rows = []
    for gate in pull_request.gates:
        found, state = current.get(gate["gate"], (None, None))
        rows.append(
            {
                **gate,
                "override": found and _override(found, stands=state is OverrideState.STANDS),
                "may_ask": is_open and not found and gate["status"] == "failed" and signer.may_ask,
                "may_confirm": is_open
                and state is OverrideState.WAITING
                and found is not None
                and signer.may_confirm(found.asked_by_id),
                "may_withdraw": is_open and found is not None and user.pk in {found.asked_by_id, found.confirmed_by_id},
            }
        )
    stands = {name for name, (_, state) in current.items() if state is OverrideState.STANDS}
    today = timezone.localdate(now())
    return {
        "gates": rows,
        "blocking": gates_left(pull_request, stands),
        "gates_digest": subject.digest,
        "override_day": today + USUAL,
        "override_first": today + timedelta(days=1),
        "override_last": today + LONGEST - timedelta(days=1),
    }


def _override(found: Override, *, stands: bool) -> dict[str, Any]:
    return {
        "id": found.pk,
        "reason": found.reason,
        "asked_by": display_name(found.asked_by),
        "confirmed_by": display_name(found.confirmed_by) if found.confirmed_by else "",
        "ends_at": found.ends_at,
        "stands": stands,
    }
