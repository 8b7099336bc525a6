"""
The verbs of a gate, for a person's own session only.

No token reaches them, whatever its scopes: the refusal is a 403 and an entry of the audit chain.
"""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from apps.core.ids import format_id, parse_id
from apps.governance.http import PROBLEMS, access, current_user, interactive, session_key
from apps.governance.models import Gate
from apps.governance.reauthentication import require_signing
from apps.governance.selectors.gates import gate_get
from apps.governance.services.gates import Choice, gate_close, gate_open, gate_refreeze, gate_vote

router = Router(tags=["Governance"])


class BallotIn(Schema):
    """What a member of the committee says on exactly what they saw."""

    choice: Literal["approve", "approve_with_conditions", "reject", "abstain", "recuse"]
    rationale: str = Field(max_length=4_000, examples=["The pilots carry it."])
    conditions: str = Field("", max_length=4_000)
    evidence_digest: str = Field(max_length=64, description="The digest that the gate shows.", examples=["3f2c…"])


class ReasonIn(Schema):
    """Why something is done."""

    reason: str = Field(max_length=400, examples=["One approval was withdrawn."])


class GateOut(Schema):
    """Where a gate stands now."""

    gate: str
    state: str = Field(examples=["voting"])
    evidence_digest: str


def _out(gate: Gate) -> dict[str, Any]:
    return {"gate": format_id("gate", gate.pk), "state": gate.state, "evidence_digest": gate.digest}


def _gate(request: HttpRequest, gate_id: str) -> Gate:
    return gate_get(current_user(request), parse_id("gate", gate_id))


@router.post(
    "/gates/{gate_id}/ballot",
    auth=access(),
    response={201: GateOut, **PROBLEMS},
    operation_id="gate_vote",
    summary="Vote on a gate",
)
def ballot_create(request: HttpRequest, gate_id: str, payload: BallotIn) -> Status[dict[str, Any]]:
    """Cast your ballot. Nobody else reads it before the vote closes."""
    require_signing(request)
    gate = _gate(request, gate_id)
    gate_vote(
        gate_id=gate.pk,
        voter=current_user(request),
        choice=Choice(payload.choice),
        rationale=payload.rationale,
        conditions=payload.conditions,
        digest=payload.evidence_digest,
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return Status(201, _out(_gate(request, gate_id)))


@router.post(
    "/gates/{gate_id}/open",
    auth=access(),
    response={200: GateOut, **PROBLEMS},
    operation_id="gate_open",
    summary="Open the vote on a gate",
)
def vote_open(request: HttpRequest, gate_id: str) -> dict[str, Any]:
    """Freeze the evidence and open the vote."""
    require_signing(request)
    gate = gate_open(
        gate_id=_gate(request, gate_id).pk,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _out(gate)


@router.post(
    "/gates/{gate_id}/refreeze",
    auth=access(),
    response={200: GateOut, **PROBLEMS},
    operation_id="gate_refreeze",
    summary="Freeze the evidence of a gate anew",
)
def evidence_refreeze(request: HttpRequest, gate_id: str, payload: ReasonIn) -> dict[str, Any]:
    """Freeze what was read last; every ballot but those who stepped aside is void."""
    require_signing(request)
    gate = gate_refreeze(
        gate_id=_gate(request, gate_id).pk,
        reason=payload.reason,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _out(gate)


@router.post(
    "/gates/{gate_id}/close",
    auth=access(),
    response={200: GateOut, **PROBLEMS},
    operation_id="gate_close",
    summary="Close the vote on a gate",
)
def vote_close(request: HttpRequest, gate_id: str) -> dict[str, Any]:
    """Decide. An approval opens the scope in the same transaction."""
    require_signing(request)
    gate = _gate(request, gate_id)
    gate_close(
        gate_id=gate.pk,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _out(_gate(request, gate_id))
