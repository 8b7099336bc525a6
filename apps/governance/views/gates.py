"""Gates: asking for one, its page, and what the chair does with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.clock import now
from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.engine.gates import TEMPLATES, GateState
from apps.governance.engine.permissions import Action
from apps.governance.errors import NotAllowed
from apps.governance.forms_gates import BallotForm, SeatsForm, WaiverForm, WishForm
from apps.governance.forms_tripwires import TripwireForms, tripwires_first, tripwires_said
from apps.governance.http import current_user, interactive, record_denial, session_key
from apps.governance.measures import measures_all
from apps.governance.models import Gate, GateSeat, Scope, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, can, scopes_where
from apps.governance.selectors.gate_definitions import definition_edits
from apps.governance.selectors.gate_frameworks import frameworks_of
from apps.governance.selectors.gate_pages import (
    decided_of,
    history_of,
    matrix_of,
    may_of,
    places_named,
    row_titles,
    seat_rows,
    timeline_of,
)
from apps.governance.selectors.gates import gate_get
from apps.governance.selectors.ladder_page import wire_row
from apps.governance.services.gates import (
    gate_minutes,
    gate_open,
    gate_refreeze,
    gate_request,
    gate_seat,
    gate_withdraw,
)
from apps.governance.services.gates.access import definition_of
from apps.governance.services.gates.evidence import evidence_next
from apps.governance.views.gate_meetings import back_to, gate_url, meeting_page

TRAIL = "Governance"
SPOKEN = frozenset({"voted", "stepped aside"})


@login_required
@require_http_methods(["GET", "POST"])
def gate_new(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    writable = _repositories(user, Action.SPEC_WRITE) | _repositories(user, Action.GATE_MANAGE)
    if not writable.exists():
        raise NotAllowed(
            "Your roles do not ask for an expansion.",
            remedy="Those who write specifications somewhere can, and the chair of the committee.",
        )
    closed = writable.filter(is_pilot=False)
    name = request.GET.get("template", "")
    if name not in TEMPLATES or not closed.exists():
        context = {
            "templates": list(TEMPLATES.values()),
            "is_any_closed": closed.exists(),
            "trail": [(TRAIL, reverse("governance:index"))],
        }
        return render_page(request, "governance/gate_templates.html", context)
    given = {
        "writable": closed.order_by("organisation", "repository"),
        "readable": _repositories(user, Action.REQUEST_READ).order_by("organisation", "repository"),
        "today": now().date(),
    }
    sent = request.POST if request.method == "POST" else None
    form, wires = WishForm(sent, **given), TripwireForms(sent, initial=tripwires_first(), prefix="tripwires")
    if sent is not None and all([form.is_valid(), wires.is_valid()]):
        try:
            gate = gate_request(
                scope=_organisation(form.cleaned_data["granted"][0]),
                template=name,
                wish=form.wish(tripwires_said(wires)),
                actor=user,
                is_interactive=interactive(request),
            )
        except NofxError as error:
            record_denial(request, error)
            form.add_error(None, str(error))
        else:
            response = redirect_after(request, reverse("governance:gate-detail", args=[gate.pk]))
            return notify(request, response, "Asked for. The chair seats the committee and opens the vote.")
    trail = [(TRAIL, reverse("governance:index")), ("New gate", reverse("governance:gate-new"))]
    context = {"form": form, "wires": wires, "measures": measures_all(), "template": TEMPLATES[name], "trail": trail}
    status = 422 if sent is not None else 200
    return render_page(request, "governance/gate_new.html", context, status=status)


def _repositories(user: User, action: Action) -> QuerySet[Scope]:
    return scopes_where(user, action).exclude(repository="").select_related("organisation")


def _organisation(scope: Scope) -> Scope:
    found = Scope.objects.filter(organisation=scope.organisation_id, repository="").first()
    if found is None:
        raise NotFound("This organisation has no committee.", remedy="An administrator gives roles in it first.")
    return found


@login_required
@require_GET
def gate_detail(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    return meeting_page(request, gate) if "meeting" in request.GET else gate_page(request, gate)


def gate_page(
    request: HtmxRequest,
    gate: Gate,
    *,
    ballot: BallotForm | None = None,
    seats: SeatsForm | None = None,
    waiver: WaiverForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page of *gate*, with the forms that came back with errors."""
    user = current_user(request)
    rows = matrix_of(gate)
    may = may_of(gate, user, rows)
    definition, seats_shown = definition_of(gate), seat_rows(gate)
    reads_audit = can(user, Action.AUDIT_READ, gate.scope)
    expanded = request.GET.get("row", "") or (waiver.data.get("key", "") if waiver else "")
    context: dict[str, Any] = {
        "gate": gate,
        "rows": rows,
        "met_count": sum(row.state in {"met", "waived"} for row in rows),
        "expanded": expanded,
        "history": history_of(gate, expanded) if expanded else [],
        "may": may,
        "read_next_at": evidence_next(gate, now()),
        "definition": definition,
        "granted": places_named(gate.granted),
        "sample": places_named(gate.sample),
        "seats": seats_shown,
        "present_count": sum(seat.present_at is not None for seat in seats_shown),
        "spoken_count": sum(seat.word in SPOKEN for seat in seats_shown),
        "waivers": _waivers(gate, user),
        "edits": definition_edits(gate),
        "frameworks": frameworks_of(gate, rows, reads_audit=reads_audit),
        "decided": decided_of(gate),
        "timeline": timeline_of(gate),
        "wires": [wire_row(data) for data in gate.tripwires],
        "freeze": gate.freezes.order_by("-number").first(),
        "is_requester": gate.requested_by_id in accounts_of(user),
        "may_take_evidence": hasattr(gate, "decision") and reads_audit,
        "trail": [(TRAIL, reverse("governance:index"))],
    }
    if may.vote or ballot:
        context["ballot_form"] = ballot or BallotForm(initial={"digest": gate.digest})
    if may.manage and gate.state == GateState.DRAFT:
        context["seats_form"] = seats or SeatsForm(initial=_seated(gate), definition=definition)
    if may.waive:
        context["waiver_form"] = waiver or WaiverForm(initial={"key": expanded})
    return render_page(request, "governance/gate_detail.html", context, status=status)


def _waivers(gate: Gate, user: User) -> list[tuple[Any, str, bool]]:
    mine = accounts_of(user)
    waivers = gate.waivers.filter(withdrawn_at__isnull=True).select_related("asked_by", "confirmed_by")
    titles = row_titles(gate)
    return [
        (one, titles.get(one.key, one.key), one.confirmed_at is None and one.asked_by_id not in mine)
        for one in waivers.order_by("asked_at")
    ]


def _seated(gate: Gate) -> dict[str, str]:
    """Return who sits on the gate, or else on the newest one of the organisation, as the form's first words."""
    rows = GateSeat.objects.filter(gate=gate).select_related("user")
    if not rows:
        last = Gate.objects.filter(scope=gate.scope, seats__isnull=False).order_by("-requested_at").first()
        rows = (
            GateSeat.objects.filter(gate=last).exclude(user__in=accounts_of(gate.requested_by)).select_related("user")
        )
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(f"{'alternate' if row.is_alternate else 'holder'}_{row.seat}", []).append(row.user.username)
    return {field: ", ".join(found) for field, found in names.items()}


@login_required
@require_POST
def gate_seating(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    form = SeatsForm(request.POST, definition=definition_of(gate))
    if not form.is_valid():
        return gate_page(request, gate, seats=form, status=422)
    try:
        gate_seat(
            gate_id=gate.pk, sitting=form.sitting, actor=current_user(request), is_interactive=interactive(request)
        )
    except NofxError as error:
        record_denial(request, error)
        form.add_error(None, str(error))
        return gate_page(request, gate, seats=form, status=error.status)
    return notify(request, redirect_after(request, gate_url(gate)), "Seated.")


@login_required
@require_POST
@recently_authenticated
def gate_opening(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    gate_open(
        gate_id=gate.pk,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return notify(request, redirect_after(request, gate_url(gate)), "The vote is open, on the evidence as frozen now.")


@login_required
@require_POST
@recently_authenticated
def gate_refreezing(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    gate_refreeze(
        gate_id=gate.pk,
        reason=request.POST.get("reason", ""),
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return notify(request, redirect_after(request, gate_url(gate)), "Frozen anew. Everybody votes again.")


@login_required
@require_POST
def gate_withdrawal(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    gate_withdraw(
        gate_id=gate.pk,
        reason=request.POST.get("reason", ""),
        actor=current_user(request),
        is_interactive=interactive(request),
    )
    return notify(request, redirect_after(request, gate_url(gate)), "Withdrawn.")


@login_required
@require_POST
def gate_minuting(request: HtmxRequest, gate_id: UUID) -> HttpResponse:
    gate = gate_get(current_user(request), gate_id)
    gate_minutes(
        gate_id=gate.pk,
        minutes=request.POST.get("minutes", ""),
        actor=current_user(request),
        is_interactive=interactive(request),
    )
    return notify(request, redirect_after(request, back_to(request, gate)), "Minutes saved.")
