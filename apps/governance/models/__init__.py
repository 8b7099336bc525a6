"""Who may decide about what, who did, and the chain that shows it."""

from apps.governance.models.absences import Absence
from apps.governance.models.access import ApiToken, IdempotencyKey
from apps.governance.models.attestation import Attestation, AttestationKey, EvidencePack
from apps.governance.models.audit import AuditEvent, AuditOrigin, entry_content
from apps.governance.models.decisions import Ballot, Override
from apps.governance.models.gates import (
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
)
from apps.governance.models.ladder import Incident, Rung, Suspension, TripwireReading
from apps.governance.models.people import CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.governance.models.policies import ApprovalPolicyVersion, PolicyVersion, SignedVersion
from apps.governance.models.records import AccountLink, Erasure, LegalHold, RetentionSetting

__all__ = [
    "Absence",
    "AccountLink",
    "ApiToken",
    "ApprovalPolicyVersion",
    "Attestation",
    "AttestationKey",
    "AuditEvent",
    "AuditOrigin",
    "Ballot",
    "CodeOwner",
    "Erasure",
    "EvidencePack",
    "Gate",
    "GateDecision",
    "GateDefinitionVersion",
    "GateEvidence",
    "GateFreeze",
    "GateReading",
    "GateSeat",
    "GateWaiver",
    "IdempotencyKey",
    "Incident",
    "LegalHold",
    "Organisation",
    "Override",
    "PolicyVersion",
    "RetentionSetting",
    "RoleAssignment",
    "Rung",
    "Scope",
    "SignedVersion",
    "Suspension",
    "TripwireReading",
    "User",
    "entry_content",
]
