"""What governance does for others: the audit chain, ballots, roles and tokens. Each call is one transaction."""

from apps.governance.engine.chain import AuditVerification
from apps.governance.errors import (
    AlreadyVoted,
    ContentChanged,
    Denial,
    LockedOut,
    NotAllowed,
    NotEligible,
    NotInteractive,
    OverrideClosed,
    OverrideInvalid,
    PolicyClosed,
    PolicyInvalid,
    RationaleMissing,
    Recorded,
    Refused,
    RoleConflict,
    SignInRefused,
    TokenInvalid,
    TokenRefused,
    Unsatisfiable,
)
from apps.governance.services.audit import audit_check, audit_denied, audit_record, audit_verify, denial_record
from apps.governance.services.ballots import approval_require_possible, ballot_cast, ballots_void
from apps.governance.services.overrides import override_ask, override_confirm, override_withdraw
from apps.governance.services.people import code_owner_assign, role_assign, role_remove, scope_create
from apps.governance.services.policies import policy_freeze, policy_propose, policy_publish, policy_simulate
from apps.governance.services.sign_in import token_sign_in
from apps.governance.services.tokens import (
    TOKEN_SCOPES,
    token_authenticate,
    token_issue,
    token_revoke,
)

__all__ = [
    "TOKEN_SCOPES",
    "AlreadyVoted",
    "AuditVerification",
    "ContentChanged",
    "Denial",
    "LockedOut",
    "NotAllowed",
    "NotEligible",
    "NotInteractive",
    "OverrideClosed",
    "OverrideInvalid",
    "PolicyClosed",
    "PolicyInvalid",
    "RationaleMissing",
    "Recorded",
    "Refused",
    "RoleConflict",
    "SignInRefused",
    "TokenInvalid",
    "TokenRefused",
    "Unsatisfiable",
    "approval_require_possible",
    "audit_check",
    "audit_denied",
    "audit_record",
    "audit_verify",
    "ballot_cast",
    "ballots_void",
    "code_owner_assign",
    "denial_record",
    "override_ask",
    "override_confirm",
    "override_withdraw",
    "policy_freeze",
    "policy_propose",
    "policy_publish",
    "policy_simulate",
    "role_assign",
    "role_remove",
    "scope_create",
    "token_authenticate",
    "token_issue",
    "token_revoke",
    "token_sign_in",
]
