"""Whom gates and suspensions concern: the committee, whoever asked, and everybody in a place that is suspended."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.urls import reverse

from apps.governance.models import AuditEvent, Gate, RoleAssignment, Scope, User
from apps.governance.selectors.people import people_where
from apps.governance.types import Action
from apps.jobs.services import Notice, notifications_settle
from apps.jobs.types import NoticeKind as Kind

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
    "gate.open": _vote_open,
    "gate.refreeze": _vote_open,
    "gate.evidence": _evidence,
    "gate.withdraw": _gate_changed("was withdrawn", is_over=True),
    "gate.decide": _gate_changed("was decided", is_over=True),
    "generation.suspend": _generation("was suspended"),
    "generation.resume": _generation("goes on"),
}
