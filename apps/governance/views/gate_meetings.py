"""The meeting on a gate: its page with one item of the agenda at a time."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from apps.core.htmx import HtmxRequest, render_page
from apps.governance.engine.gates import GateState
from apps.governance.http import current_user
from apps.governance.models import Gate
from apps.governance.selectors.gate_meetings import meeting_of, minutes_draft, seats_silent
from apps.governance.selectors.gate_pages import matrix_of, may_of, places_named, seat_rows
from apps.governance.services.gates.access import definition_of

CARRIED = ("meeting", "at", "since")
# Parts of the page that are asked for again while people come and vote, by the id that they have there.
LIVE_PARTS = {"gate-presence": "governance/_gate_presence.html", "gate-seats": "governance/_gate_seats.html"}


def meeting_page(request: HtmxRequest, gate: Gate) -> HttpResponse:
    """Render the item of the meeting on *gate* that the address names, or the part of it that asks to be renewed."""
    rows, seats = matrix_of(gate), seat_rows(gate)
    meeting = meeting_of(rows, wanted=request.GET.get("at", ""), since=request.GET.get("since", ""))
    is_voting = gate.state == GateState.VOTING
    context = {
        "gate": gate,
        "meeting": meeting,
        "seats": seats,
        "silent": seats_silent(gate) if is_voting and meeting.item.kind == "vote" else [],
        "is_live": gate.state in {GateState.DRAFT, GateState.VOTING},
        "present_count": sum(seat.present_at is not None for seat in seats),
        "definition": definition_of(gate),
        "granted": places_named(gate.granted),
        "sample": places_named(gate.sample),
        "freeze": gate.freezes.order_by("-number").first(),
        "may": may_of(gate, current_user(request), rows),
        "minutes": gate.minutes or minutes_draft(gate, rows, seats),
        "trail": [("Governance", reverse("governance:index")), (gate.title, request.path)],
    }
    fragment = LIVE_PARTS.get(request.htmx.target or "")
    return render_page(request, "governance/gate_meeting.html", context, fragment=fragment)


def gate_url(gate: Gate) -> str:
    """Return the address of the page of *gate*."""
    return reverse("governance:gate-detail", args=[gate.pk])


def back_to(request: HtmxRequest, gate: Gate) -> str:
    """Return the page of *gate*, or the item of its meeting that a form was sent from."""
    url = gate_url(gate)
    carried = {name: request.GET[name] for name in CARRIED if name in request.GET}
    return f"{url}?{urlencode(carried)}" if "meeting" in carried else url
