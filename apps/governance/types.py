"""The words other apps use to ask governance something. Plain Python; no Django."""

from __future__ import annotations

from apps.governance.engine.chain import ActorType, AuditVerification, Outcome
from apps.governance.engine.decisions import (
    DEFAULT_POLICIES,
    Decision,
    DecisionState,
    FilledSeat,
    HumanBallot,
    Member,
    ModelTally,
    Policy,
    Roster,
    Seat,
    Subject,
    Verdict,
)
from apps.governance.engine.ladder import Leave, Refusal
from apps.governance.engine.overrides import OverrideState
from apps.governance.engine.permissions import Action, Condition, Role

__all__ = [
    "DEFAULT_POLICIES",
    "Action",
    "ActorType",
    "AuditVerification",
    "Condition",
    "Decision",
    "DecisionState",
    "FilledSeat",
    "HumanBallot",
    "Leave",
    "Member",
    "ModelTally",
    "Outcome",
    "OverrideState",
    "Policy",
    "Refusal",
    "Role",
    "Roster",
    "Seat",
    "Subject",
    "Verdict",
]
