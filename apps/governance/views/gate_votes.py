"""What members of a committee do on the page of a gate: be present, vote, close, waive."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.governance.forms_gates import BallotForm, WaiverForm, end_of
from apps.governance.http import current_user, interactive, record_denial, recorded_as, session_key
from apps.governance.models import Gate, GateWaiver
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors.gates import gate_get
from apps.governance.services.gates import (
    Choice,
    gate_close,
    gate_present,
    gate_vote,
    waiver_ask,
    waiver_confirm,
    waiver_withdraw,
)
from apps.governance.views.gate_meetings import back_to, gate_url
from apps.governance.views.gates import gate_page


@login_required
@require_POST
def gate_presence(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    gate_present(gate_id=gate.pk, actor=current_user(request), is_interactive=interactive(request))
    return notify(request, redirect_after(request, back_to(request, gate)), "You are present.")


@recorded_as("gate.vote", "gate", "gate_id")
@login_required
@require_POST
@recently_authenticated
def gate_ballot(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    form = BallotForm(request.POST)
    if not form.is_valid():
        return gate_page(request, gate, ballot=form, status=422)
    data = form.cleaned_data
    try:
        gate_vote(
            gate_id=gate.pk,
            voter=current_user(request),
            choice=Choice(data["choice"]),
            rationale=data["rationale"],
            conditions=data["conditions"],
            digest=data["digest"],
            is_interactive=interactive(request),
            session_key=session_key(request),
        )
    except NofxError as error:
        record_denial(request, error)
        form.add_error(None, str(error))
        return gate_page(request, gate_get(current_user(request), gate_id), ballot=form, status=error.status)
    return notify(request, redirect_after(request, gate_url(gate)), "Cast. Nobody reads your ballot before the close.")


@login_required
@require_POST
@recently_authenticated
def gate_closing(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    decision = gate_close(
        gate_id=gate.pk,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return notify(request, redirect_after(request, gate_url(gate)), f"The vote is closed: {decision.outcome}.")


@login_required
@require_POST
@recently_authenticated
def waiver_asking(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    form = WaiverForm(request.POST)
    if not form.is_valid():
        return gate_page(request, gate, waiver=form, status=422)
    try:
        waiver_ask(
            gate_id=gate.pk,
            key=form.cleaned_data["key"],
            reason=form.cleaned_data["reason"],
            ends_at=end_of(form.cleaned_data["until"]),
            actor=current_user(request),
            is_interactive=interactive(request),
        )
    except NofxError as error:
        record_denial(request, error)
        form.add_error(None, str(error))
        return gate_page(request, gate, waiver=form, status=error.status)
    return notify(request, redirect_after(request, gate_url(gate)), "Signed. A second person has to confirm it.")


@login_required
@require_POST
@recently_authenticated
def waiver_confirming(request: HtmxRequest, waiver_id: UUID) -> HttpResponse:
    gate = _gate_of_waiver(request, waiver_id)
    waiver_confirm(
        waiver_id=waiver_id,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return notify(request, redirect_after(request, gate_url(gate)), "Confirmed. It counts from the next freeze on.")


@login_required
@require_POST
def waiver_withdrawing(request: HtmxRequest, waiver_id: UUID) -> HttpResponse:
    gate = _gate_of_waiver(request, waiver_id)
    waiver_withdraw(waiver_id=waiver_id, actor=current_user(request), is_interactive=interactive(request))
    return notify(request, redirect_after(request, gate_url(gate)), "Withdrawn.")


def _gate_of_waiver(request: HtmxRequest, waiver_id: UUID) -> Gate:
    waiver = GateWaiver.objects.filter(pk=waiver_id).first()
    if waiver is None:
        raise NotFound("There is no such waiver.")
    return gate_get(current_user(request), waiver.gate_id)
