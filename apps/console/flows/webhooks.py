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
from apps.governance.models import AuditEvent, EvidencePack, Gate, Suspension
from apps.governance.types import Outcome
from apps.jobs.services import event_send
from apps.repositories.models import Repository

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
    return {
        "request": format_id("req", run.pk),
        "title": run.title,
        "risk": run.risk_tier,
        "url": _address("generation:request-detail", run.pk),
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
    page = _address("docs:page-detail", event.object_id)
    data = {"page": format_id("page", event.object_id), "state": event.detail.get("state", ""), "url": page}
    return [("docs.drift_changed", data)]


def _of_gate(name: str) -> Callable[[AuditEvent], list[Event]]:
    def rule(event: AuditEvent) -> list[Event]:
        gate = Gate.objects.filter(pk=event.object_id).first()
        if gate is None or (event.action == "gate.evidence" and not event.detail.get("changed")):
            return []
        page = _address("governance:gate-detail", gate.pk)
        return [(name, {"gate": format_id("gate", gate.pk), "title": gate.title, "state": gate.state, "url": page})]

    return rule


def _suspended(event: AuditEvent) -> list[Event]:
    suspension = Suspension.objects.filter(pk=event.object_id).first()
    if suspension is None:
        return []
    data = {
        "suspension": format_id("suspension", suspension.pk),
        "kind": suspension.kind,
        "url": _address("governance:ladder"),
    }
    return [("scope.suspended", data)]


def _quality_gate(event: AuditEvent) -> list[Event]:
    repository = Repository.objects.filter(scope=event.scope).first()
    if repository is None:
        return []
    told = {key: event.detail.get(key) for key in ("state", "before", "conditions", "changed")}
    page = _address("quality:coverage", repository.name)
    return [("quality.gate_changed", {"repository": repository.name, **told, "url": page})]


def _export(event: AuditEvent) -> list[Event]:
    pack = EvidencePack.objects.defer("archive").filter(pk=event.detail.get("pack")).first()
    if pack is None or pack.expires_at is None:
        return []
    prefix = {"request": "req"}.get(pack.subject_kind, pack.subject_kind)
    data = {
        "export": format_id("pack", pack.pk),
        "kind": "evidence_pack",
        "about": format_id(prefix, pack.subject_id),
        "size": pack.size,
        "expires_at": pack.expires_at.isoformat(),
        "url": _address("console:pack-detail", pack.pk),
    }
    return [("export.ready", data)]


def _address(name: str, *arguments: object) -> str:
    return settings.NOFX_PUBLIC_URL.rstrip("/") + reverse(name, args=arguments)


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
    "quality.gate": _quality_gate,
    "pack.make": _export,
}
