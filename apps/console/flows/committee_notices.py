"""
Whom gates, their waivers, incidents and suspensions concern: the committee, whoever asked or signs, and everybody in a
place that is suspended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.urls import reverse

from apps.generation.models import GenerationRun
from apps.governance.models import AuditEvent, Gate, GateWaiver, Incident, RoleAssignment, Scope, User
from apps.governance.selectors.gate_pages import row_titles
from apps.governance.selectors.people import people_other_than, people_where
from apps.governance.types import Action
from apps.jobs.services import Notice, notifications_settle
from apps.jobs.types import NoticeKind as Kind

WAIVER = "gate_waiver"

Rule = Callable[[AuditEvent], list[Notice]]


def _gate(event: AuditEvent) -> Gate | None:
    return Gate.objects.select_related("scope__organisation").filter(pk=event.object_id).first()


def _about_gate(event: AuditEvent, gate: Gate, kind: Kind, title: str, people: Iterable[int]) -> Notice:
    url = reverse("governance:gate-detail", args=[gate.pk])
    return Notice(kind, event.object_kind, event.object_id, title, set(people), url=url, scope=gate.scope)


def _committee(gate: Gate) -> set[int]:
    return set(people_where(gate.scope, Action.GATE_VOTE).values_list("pk", flat=True))


def _vote_open(event: AuditEvent) -> list[Notice]:
    gate = _gate(event)
    if gate is None:
        return []
    return [_about_gate(event, gate, Kind.YOUR_TURN, f"Vote on the gate “{gate.title}”", _committee(gate))]


def _gate_changed(words: str, *, is_over: bool = False) -> Rule:
    def rule(event: AuditEvent) -> list[Notice]:
        gate = _gate(event)
        if gate is None:
            return []
        if is_over:
            notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
        people = _committee(gate) | {gate.requested_by_id}
        return [_about_gate(event, gate, Kind.GATE_CHANGED, f"The gate “{gate.title}” {words}", people)]

    return rule


def _evidence(event: AuditEvent) -> list[Notice]:
    return _gate_changed("rests on other evidence now")(event) if event.detail.get("changed") else []


def _waiver(event: AuditEvent) -> GateWaiver | None:
    rows = GateWaiver.objects.select_related("gate__scope__organisation")
    return rows.filter(pk=event.detail.get("waiver")).first()


def waiver_notice(waiver: GateWaiver, kind: Kind, title: str, people: Iterable[int]) -> Notice:
    """Return news about a waiver of a gate, which leads to the gate."""
    gate = waiver.gate
    url = reverse("governance:gate-detail", args=[gate.pk])
    text = f"Criterion “{row_titles(gate).get(waiver.key, waiver.key)}”, until {waiver.ends_at:%Y-%m-%d}."
    title = f"{title} at the gate “{gate.title}”"
    return Notice(kind, WAIVER, str(waiver.pk), title, set(people), text=text, url=url, scope=gate.scope)


def waiver_people(waiver: GateWaiver) -> set[int]:
    """Return whom a signed waiver concerns: who signed it, and who freezes evidence that rests on it."""
    chairs = people_where(waiver.gate.scope, Action.GATE_MANAGE).values_list("pk", flat=True)
    return {waiver.asked_by_id, waiver.confirmed_by_id or waiver.asked_by_id, *chairs}


def _waiver_asked(event: AuditEvent) -> list[Notice]:
    waiver = _waiver(event)
    if waiver is None:
        return []
    signers = people_where(waiver.gate.scope, Action.THRESHOLD_EDIT)
    others = people_other_than(signers, [waiver.asked_by_id, waiver.gate.requested_by_id])
    return [waiver_notice(waiver, Kind.YOUR_TURN, "Sign a waiver", others.values_list("pk", flat=True))]


def _waiver_changed(words: str) -> Rule:
    def rule(event: AuditEvent) -> list[Notice]:
        waiver = _waiver(event)
        if waiver is None:
            return []
        notifications_settle(subject_kind=WAIVER, subject_id=str(waiver.pk))
        return [waiver_notice(waiver, Kind.GATE_CHANGED, f"A waiver {words}", waiver_people(waiver))]

    return rule


def _incident(event: AuditEvent) -> Incident | None:
    return Incident.objects.select_related("scope__organisation").filter(pk=event.object_id).first()


def _about_incident(event: AuditEvent, incident: Incident, kind: Kind, title: str, people: Iterable[int]) -> Notice:
    url = reverse("governance:incident-list")
    text = f"{incident.get_severity_display()} severity in {incident.scope}."
    return Notice(
        kind, event.object_kind, event.object_id, title, set(people), text=text, url=url, scope=incident.scope
    )


def _incident_opened(event: AuditEvent) -> list[Notice]:
    incident = _incident(event)
    if incident is None:
        return []
    closers = set(people_where(incident.scope, Action.INCIDENT_CLOSE).values_list("pk", flat=True))
    told = [_about_incident(event, incident, Kind.YOUR_TURN, f"An incident is open: {incident.title}", closers)]
    run = GenerationRun.objects.filter(pk=incident.request_id, repository__scope=incident.scope).first()
    if run is not None and run.requester_id not in closers:
        title = f"An incident names “{run.title}”: {incident.title}"
        told.append(_about_incident(event, incident, Kind.REQUEST_MOVED, title, [run.requester_id]))
    return told


def _incident_closed(event: AuditEvent) -> list[Notice]:
    incident = _incident(event)
    if incident is None:
        return []
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
    run = GenerationRun.objects.filter(pk=incident.request_id, repository__scope=incident.scope).first()
    people = {incident.opened_by_id, run.requester_id if run is not None else incident.opened_by_id}
    title = f"The incident was closed: {incident.title}"
    return [_about_incident(event, incident, Kind.PLATFORM, title, people)]


def _generation(words: str) -> Rule:
    def rule(event: AuditEvent) -> list[Notice]:
        place = str(event.scope) if event.scope is not None else "the whole platform"
        title = f"Generation {words} in {place}"
        # Whoever has a role in one repository of a place is told of the whole, which they may not read otherwise.
        scope = event.scope if event.scope is not None and event.scope.repository else None
        url = reverse("governance:ladder")
        people = _everybody(event.scope)
        return [Notice(Kind.SCOPE_SUSPENDED, event.object_kind, event.object_id, title, people, url=url, scope=scope)]

    return rule


def _everybody(scope: Scope | None) -> list[int]:
    if scope is not None and scope.repository:
        return list(people_where(scope, Action.REQUEST_READ).values_list("pk", flat=True))
    held = (
        RoleAssignment.objects.all()
        if scope is None
        else RoleAssignment.objects.filter(scope__organisation=scope.organisation_id)
    )
    people = User.objects.filter(is_active=True, is_service=False, pk__in=held.values("user"))
    return list(people.values_list("pk", flat=True))


COMMITTEE_RULES: dict[str, Rule] = {
    "gate.request": _gate_changed("was asked for"),
    "gate.waive": _waiver_asked,
    "gate.waiver_confirm": _waiver_changed("was signed"),
    "gate.waiver_withdraw": _waiver_changed("was withdrawn"),
    "gate.open": _vote_open,
    "gate.refreeze": _vote_open,
    "gate.evidence": _evidence,
    "gate.withdraw": _gate_changed("was withdrawn", is_over=True),
    "gate.decide": _gate_changed("was decided", is_over=True),
    "generation.suspend": _generation("was suspended"),
    "generation.resume": _generation("goes on"),
    "incident.open": _incident_opened,
    "incident.close": _incident_closed,
}
