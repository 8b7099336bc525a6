"""
Which events other systems are told of: from entries of the audit chain, and from what becomes of requests.

A message holds ids, titles and states. Models, code, verdicts and reasons stay here: whoever reads a channel that a
webhook fills may be about to vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.core.ids import format_id
from apps.generation.models import Candidate, GenerationRun
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, Gate
from apps.governance.types import Outcome
from apps.jobs.services import event_send

Event = tuple[str, dict[str, object]]


def entry_send(event: AuditEvent) -> None:
    """Tell other systems of an entry of the audit chain that is an event for them; never of what was denied."""
    if event.scope is None or event.outcome == Outcome.DENIED.value or (rule := RULES.get(event.action)) is None:
        return
    for name, data in rule(event):
        event_send(event=name, scope=event.scope, data=data)


def request_send(*, request_id: UUID, status: Status, **_: object) -> None:
    """Tell other systems that a request is in another state; receives ``request_moved``."""
    with transaction.atomic():
        run = _run(request_id)
        if run is None:
            return
        scope = run.repository.scope
        event_send(event="request.state_changed", scope=scope, data={**_request(run), "state": status.value})
        if status is Status.CONSENSUS:
            for data in _candidates(run):
                event_send(event="candidate.checked", scope=scope, data=data)


def _run(identity: str | UUID) -> GenerationRun | None:
    return GenerationRun.objects.select_related("repository__scope__organisation").filter(pk=identity).first()


def _request(run: GenerationRun) -> dict[str, object]:
    page = reverse("generation:request-detail", args=[run.pk])
    return {
        "request": format_id("req", run.pk),
        "title": run.title,
        "risk": run.risk_tier,
        "url": settings.NOFX_PUBLIC_URL.rstrip("/") + page,
    }


def _candidates(run: GenerationRun) -> Iterator[dict[str, object]]:
    # By id, which tells nothing of who wrote them or in which order they came.
    rows = Candidate.objects.filter(request_id=run.pk).order_by("pk").values_list("pk", "state")
    for identity, state in rows:
        yield {"request": format_id("req", run.pk), "candidate": format_id("cand", identity), "state": state}


def _of_request(name: str) -> Callable[[AuditEvent], list[Event]]:
    def rule(event: AuditEvent) -> list[Event]:
        run = _run(event.object_id)
        return [(name, _request(run))] if run is not None else []

    return rule


def _decided(event: AuditEvent) -> list[Event]:
    is_approved = event.detail.get("decision") == "approved"
    return _of_request("review.quorum_met" if is_approved else "review.blocked")(event)


def _documentation(event: AuditEvent) -> list[Event]:
    page = settings.NOFX_PUBLIC_URL.rstrip("/") + reverse("docs:page-detail", args=[event.object_id])
    data = {"page": format_id("page", event.object_id), "state": event.detail.get("state", ""), "url": page}
    return [("docs.drift_changed", data)]


def _of_gate(name: str) -> Callable[[AuditEvent], list[Event]]:
    def rule(event: AuditEvent) -> list[Event]:
        gate = Gate.objects.filter(pk=event.object_id).first()
        if gate is None or (event.action == "gate.evidence" and not event.detail.get("changed")):
            return []
        page = settings.NOFX_PUBLIC_URL.rstrip("/") + reverse("governance:gate-detail", args=[gate.pk])
        return [(name, {"gate": format_id("gate", gate.pk), "title": gate.title, "state": gate.state, "url": page})]

    return rule


def _suspended(event: AuditEvent) -> list[Event]:
    page = settings.NOFX_PUBLIC_URL.rstrip("/") + reverse("governance:ladder")
    return [("scope.suspended", {"suspension": format_id("suspension", event.object_id), "url": page})]


RULES: dict[str, Callable[[AuditEvent], list[Event]]] = {
    "request.submit": _of_request("spec.analysed"),
    "review.decide": _decided,
    "request.merge": _of_request("request.merged"),
    "gate.request": _of_gate("gate.state_changed"),
    "gate.open": _of_gate("gate.opened"),
    "gate.refreeze": _of_gate("gate.opened"),
    "gate.evidence": _of_gate("gate.state_changed"),
    "gate.withdraw": _of_gate("gate.state_changed"),
    "gate.decide": _of_gate("gate.decided"),
    "generation.suspend": _suspended,
    "docs.validate": _documentation,
}
