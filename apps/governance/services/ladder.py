"""What opens generation, and the one question whether something may be generated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.ladder import Leave
from apps.governance.engine.permissions import Action
from apps.governance.engine.tripwires import tripwire_data, tripwire_read, tripwires_default
from apps.governance.errors import Denial, GenerationRefused, LadderInvalid, NotAllowed, NotInteractive
from apps.governance.models import ApprovalPolicyVersion, Rung, Scope, User
from apps.governance.selectors import can
from apps.governance.selectors.ladder import leave_now
from apps.governance.services.audit import audit_record

KIND = "rung"
MOST_TRIPWIRES = 20


@transaction.atomic
def rung_grant(
    *,
    rung_id: UUID,
    gate_id: UUID,
    title: str,
    scopes: Collection[Scope],
    risk_max: str,
    task_classes: Sequence[str],
    models: Sequence[str],
    expires_at: datetime,
    tripwires: Sequence[Mapping[str, Any]],
    evidence_digest: str,
    actor: User | None = None,
) -> Rung:
    """
    Open what a gate decided, in the transaction of its decision, which names *rung_id*; a gate opens one rung.

    The database takes a rung only of a gate that is approved by then, and only as the gate asked for it. *scopes* are
    repositories, or an organisation as a whole, all of one organisation. No *task_classes* and no *models* (names of
    providers) mean all of them. Each of *tripwires* is what ``tripwire_read`` reads; without any, the default ones
    watch. Write it last: it appends to the audit chain.

    :raises LadderInvalid: there is no place, title or evidence, it ends before it begins, or a tripwire is none.
    """
    wires = _wires(tripwires)
    organisations = {scope.organisation_id for scope in scopes}
    if len(organisations) != 1:
        raise LadderInvalid(
            "A rung opens repositories of one organisation.", remedy="Choose at least one, of one organisation."
        )
    if not title.strip() or not evidence_digest or risk_max not in ApprovalPolicyVersion.RiskTier.values:
        raise LadderInvalid("A rung has a title, a highest risk, and the evidence that it rests on.")
    if expires_at <= now():
        raise LadderInvalid("A rung ends after it begins.", remedy="Choose a later day.")
    rung = Rung.objects.create(
        id=rung_id,
        organisation_id=organisations.pop(),
        title=title.strip()[:120],
        gate_id=gate_id,
        evidence_digest=evidence_digest,
        risk_max=risk_max,
        task_classes=sorted(set(task_classes)),
        model_names=sorted(set(models)),
        tripwires=wires,
        expires_at=expires_at,
    )
    rung.scopes.set(scopes)
    rung.refresh_from_db()
    content = rung_content(rung, scopes)
    audit_record(
        action="rung.grant",
        object_kind=KIND,
        object_id=rung.pk,
        actor=actor,
        scope=Scope.objects.filter(organisation=rung.organisation_id, repository="").first(),
        before_digest=evidence_digest,
        after_digest=sha256_hex(canonical_json(content)),
        reason=f"Decided at gate {gate_id}.",
        detail=content,
    )
    return rung


def rung_content(rung: Rung, scopes: Collection[Scope]) -> dict[str, Any]:
    """Return what *rung* opens, as JSON data."""
    return {
        "gate": str(rung.gate_id),
        "title": rung.title,
        "scopes": sorted(scope.path for scope in scopes),
        "risk_max": rung.risk_max,
        "task_classes": rung.task_classes,
        "models": rung.model_names,
        "starts_at": rung.starts_at.isoformat(),
        "expires_at": rung.expires_at.isoformat(),
        "tripwires": rung.tripwires,
    }


@transaction.atomic
def rung_end(*, rung_id: UUID, reason: str, actor: User, is_interactive: bool) -> Rung:
    """
    Close what a rung opened before it expires; only another vote opens it again.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates there.
    :raises LadderInvalid: there is no reason, or it was ended before.
    """
    rung = Rung.objects.select_for_update().get(pk=rung_id)
    place = Scope.objects.select_related("organisation").get(organisation=rung.organisation_id, repository="")
    denial = Denial("rung.end", KIND, str(rung.pk), place.pk)
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive("Only a person who is signed in at the page ends a rung.", denial=denial)
    if not can(actor, Action.GATE_MANAGE, place):
        raise NotAllowed("Only the chair of the committee ends a rung.", remedy="Ask the chair.", denial=denial)
    if rung.ended_at is not None or not reason.strip():
        raise LadderInvalid("A rung is ended once, with a reason.", remedy="Say why, in one sentence.")
    rung.ended_at, rung.ended_by, rung.end_reason = now(), actor, reason.strip()
    rung.save(update_fields=["ended_at", "ended_by", "end_reason"])
    audit_record(
        action="rung.end", object_kind=KIND, object_id=rung.pk, actor=actor, scope=place, reason=rung.end_reason
    )
    return rung


def generation_require_allowed(
    *,
    scope: Scope,
    risk: str,
    task_class: str,
    action: str = "generation.start",
    object_kind: str = "repository",
    object_id: object = "",
) -> Leave:
    """
    Return the leave to generate something of *risk* and *task_class* for the repository of *scope*; one query.

    It says which models may be asked. The refusal carries what the audit chain records, under *action*.

    :raises GenerationRefused: it is suspended, expired, of too high a risk, of another class, or was never opened.
    """
    leave = leave_now(scope, risk=risk, task_class=task_class)
    if leave.refusal is None:
        return leave
    denial = Denial(action, object_kind, str(object_id), scope.pk, {"risk": risk, "task_class": task_class})
    error = GenerationRefused(leave.reason, remedy=leave.remedy, denial=denial)
    error.code = leave.refusal.value
    raise error


def _wires(tripwires: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    try:
        wires = [tripwire_read(one) for one in tripwires] or list(tripwires_default())
    except ValueError as error:
        raise LadderInvalid(str(error), remedy="Change the tripwires.") from error
    if len(wires) > MOST_TRIPWIRES:
        raise LadderInvalid(f"A rung has at most {MOST_TRIPWIRES} tripwires.", remedy="Keep those that matter most.")
    return [tripwire_data(wire) for wire in wires]
