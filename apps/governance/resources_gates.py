"""The committee's gates as API resources, to read: people at the page ask, open, vote and close."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet

from apps.governance.models import (
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
    User,
)
from apps.governance.rest import Resource
from apps.governance.selectors.gates import definitions_readable, gates_readable


class GateResource(Resource):
    """A wish to widen where generated code may be asked for, up to the committee's decision."""

    noun = "gates"
    prefix = "gate"
    model = Gate
    permit = "governance:read"
    columns = {
        "id": "pk",
        "scope": "",
        "title": "",
        "definition": "",
        "definition_content": "",
        "definition_digest": "",
        "granted": "",
        "sample": "",
        "flagships": "",
        "risk_max": "",
        "task_classes": "",
        "model_names": "",
        "expires_at": "",
        "tripwires": "",
        "risks": "",
        "requested_by": "",
        "requested_at": "",
        "state": "",
        "evidence_batch": "",
        "evidence_read_at": "",
        "evidence_changed": "",
        "freeze_number": "",
        "current_digest": "digest",
        "opened_by": "",
        "opened_at": "",
        "closes_at": "",
        "closed_by": "",
        "closed_at": "",
        "close_reason": "",
        "minutes": "",
    }
    references = {
        "scope": "scope",
        "definition": "gatedef",
        "requested_by": "user",
        "opened_by": "user",
        "closed_by": "user",
    }
    filters = ("scope", "state", "risk_max")
    newest = "requested_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those that name a repository which *user* does not read."""
        return rows.filter(pk__in=gates_readable(user).values("pk"))


class _OfGate(Resource):
    """What belongs to a gate is read by who reads the gate."""

    noun = "of-gates"
    prefix = "ofgate"
    model = GateSeat
    permit = "governance:read"
    columns = {"id": "pk"}
    newest: ClassVar[str | None] = None
    gate_path: ClassVar[str] = "gate"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of unreadable gates."""
        return rows.filter(**{f"{self.gate_path}__in": gates_readable(user).values("pk")})


class GateDefinitionResource(Resource):
    """A version of what gates of an organisation ask for; of those published the highest number makes new ones."""

    noun = "gate-definitions"
    prefix = "gatedef"
    model = GateDefinitionVersion
    permit = "governance:read"
    columns = {
        "id": "pk",
        "scope": "",
        "name": "",
        "number": "",
        "content": "",
        "content_digest": "",
        "reason": "",
        "proposed_by": "",
        "proposed_at": "",
        "published_by": "",
        "published_at": "",
    }
    references = {"scope": "scope", "proposed_by": "user", "published_by": "user"}
    filters = ("scope", "name", "number")
    newest = "proposed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of organisations that *user* does not read as a whole."""
        return rows.filter(pk__in=definitions_readable(user).values("pk"))


class CriterionResource(_OfGate):
    """What one criterion of a gate was when its evidence was read: value, n, interval, window, state."""

    noun = "criteria"
    prefix = "crit"
    model = GateReading
    columns = {
        "id": "pk",
        "gate": "",
        "batch": "",
        "position": "",
        "key": "",
        "criterion": "",
        "place": "",
        "measure": "",
        "measure_version": "",
        "definition": "",
        "window_start": "",
        "window_end": "",
        "value": "",
        "n": "",
        "low": "",
        "high": "",
        "as_of": "",
        "missing": "",
        "error": "",
        "sources": "",
        "state": "",
        "sentence": "",
        "read_at": "",
    }
    references = {"gate": "gate", "place": "scope"}
    filters = ("gate", "key", "measure", "state")
    newest = "read_at"


class WaiverResource(_OfGate):
    """Two people's word that a criterion of a gate need not be met, until a date."""

    noun = "waivers"
    prefix = "waiver"
    model = GateWaiver
    columns = {
        "id": "pk",
        "gate": "",
        "key": "",
        "reason": "",
        "ends_at": "",
        "asked_by": "",
        "asked_at": "",
        "confirmed_by": "",
        "confirmed_at": "",
        "withdrawn_by": "",
        "withdrawn_at": "",
    }
    references = {"gate": "gate", "asked_by": "user", "confirmed_by": "user", "withdrawn_by": "user"}
    filters = ("gate", "key")
    newest = "asked_at"


class GateSeatResource(_OfGate):
    """Who sits on a gate, or stands in for who does."""

    noun = "gate-seats"
    prefix = "seat"
    model = GateSeat
    columns = {
        "id": "pk",
        "gate": "",
        "seat": "",
        "user": "",
        "is_alternate": "",
        "has_veto": "",
        "assigned_by": "",
        "assigned_at": "",
        "present_at": "",
    }
    references = {"gate": "gate", "user": "user", "assigned_by": "user"}
    filters = ("gate", "seat", "user")
    newest = "assigned_at"


class GateFreezeResource(_OfGate):
    """Exactly what a vote is about, with its SHA-256."""

    noun = "gate-freezes"
    prefix = "freeze"
    model = GateFreeze
    columns = {
        "id": "pk",
        "gate": "",
        "number": "",
        "content": "",
        "content_digest": "digest",
        "statement": "",
        "reason": "",
        "frozen_by": "",
        "frozen_at": "",
    }
    references = {"gate": "gate", "frozen_by": "user"}
    filters = ("gate", "number")
    newest = "frozen_at"


class GateEvidenceResource(_OfGate):
    """One criterion as it was frozen for a vote."""

    noun = "gate-evidence"
    prefix = "evid"
    model = GateEvidence
    columns = {
        "id": "pk",
        "freeze": "",
        "reading": "",
        "waiver": "",
        "is_required": "",
        "state": "",
        "sentence": "",
    }
    references = {"freeze": "freeze", "reading": "crit", "waiver": "waiver"}
    filters = ("freeze", "state")
    gate_path = "freeze__gate"


class DecisionResource(_OfGate):
    """What a committee decided, with every ballot that was valid when the vote closed."""

    noun = "decisions"
    prefix = "decision"
    model = GateDecision
    columns = {
        "id": "pk",
        "gate": "",
        "freeze": "",
        "outcome": "",
        "content": "",
        "content_digest": "",
        "rung_id": "",
        "decided_by": "",
        "decided_at": "",
    }
    references = {"gate": "gate", "freeze": "freeze", "decided_by": "user"}
    filters = ("gate", "outcome")
    newest = "decided_at"
