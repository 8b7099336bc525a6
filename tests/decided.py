"""A rung of the ladder with the decided gate that the database asks for behind it, the shortest way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from apps.core.clock import now
from apps.governance.engine.gates import EXPANSION, definition_content
from apps.governance.engine.tripwires import tripwire_data, tripwire_read
from apps.governance.models import (
    Ballot,
    Gate,
    GateDecision,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    RoleAssignment,
    Rung,
    Scope,
    User,
)
from apps.governance.services import rung_grant

DIGEST = "e" * 64
APPROVING = ("chair", "engineering", "security", "quality")


@transaction.atomic
def rung_decided(
    *,
    scopes: Collection[Scope],
    title: str = "Wave 2",
    risk_max: str = "medium",
    task_classes: Sequence[str] = (),
    models: Sequence[str] = (),
    expires_at: datetime | None = None,
    tripwires: Sequence[Mapping[str, Any]] = (),
) -> Rung:
    """Grant a rung as the decision of a gate does, with as many members as it needs."""
    gate = gate_voted(
        scopes=scopes,
        title=title,
        risk_max=risk_max,
        task_classes=sorted(task_classes),
        model_names=sorted(models),
        expires_at=expires_at or now() + timedelta(days=30),
        tripwires=[tripwire_data(tripwire_read(one)) for one in tripwires],
    )
    rung_id = uuid4()
    gate_approve(gate, rung_id)
    return rung_grant(
        rung_id=rung_id,
        gate_id=gate.pk,
        title=title,
        scopes=scopes,
        risk_max=risk_max,
        task_classes=task_classes,
        models=models,
        expires_at=gate.expires_at,
        tripwires=tripwires,
        evidence_digest=DIGEST,
    )


def gate_voted(*, scopes: Collection[Scope], **wish: Any) -> Gate:
    """Return a gate of which four members have approved what is frozen."""
    organisation = next(iter(scopes)).organisation
    place, _ = Scope.objects.get_or_create(organisation=organisation, repository="")
    asker, *members = (User.objects.create(username=f"{role}-{uuid4().hex[:12]}") for role in ("asker", *APPROVING))
    RoleAssignment.objects.bulk_create(RoleAssignment(user=one, scope=place, role="committee") for one in members)
    member = members[0]
    keys = [one.pk for one in scopes]
    gate = Gate.objects.create(
        scope=place,
        definition_content=definition_content(EXPANSION),
        definition_digest="d" * 64,
        granted=keys,
        sample=keys,
        requested_by=asker,
        **wish,
    )
    for seat, user in zip(APPROVING, members, strict=True):
        GateSeat.objects.create(gate=gate, seat=seat, user=user, assigned_by=member)
    reading = GateReading.objects.create(
        gate=gate,
        batch=1,
        position=0,
        key="lint",
        criterion="lint",
        measure="generation.lint_pass",
        window_start=now() - timedelta(days=90),
        window_end=now(),
        state="met",
        sentence="It is met.",
    )
    freeze = GateFreeze.objects.create(
        gate=gate, number=1, digest=DIGEST, content={"authored": []}, statement="I vote.", frozen_by=member
    )
    GateEvidence.objects.create(freeze=freeze, reading=reading, is_required=True, state="met", sentence="It is met.")
    Gate.objects.filter(pk=gate.pk).update(
        state="voting",
        freeze_number=1,
        digest=DIGEST,
        opened_by=member,
        opened_at=now(),
        closes_at=now() + timedelta(days=14),
    )
    for user in members:
        Ballot.objects.create(
            subject_kind="gate",
            subject_id=gate.pk,
            subject_digest=DIGEST,
            scope=place,
            voter=user,
            verdict="approve",
            rationale="It may.",
        )
    return gate


def gate_approve(gate: Gate, rung_id: UUID) -> None:
    """Write that *gate* is approved and grants *rung_id*."""
    freeze = GateFreeze.objects.get(gate=gate)
    GateDecision.objects.create(
        gate=gate,
        freeze=freeze,
        outcome="approved",
        content={},
        content_digest="d" * 64,
        rung_id=rung_id,
        decided_by=freeze.frozen_by,
    )
    Gate.objects.filter(pk=gate.pk).update(state="approved", closed_by=freeze.frozen_by, closed_at=now())
