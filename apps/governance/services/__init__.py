"""What governance does for others: the audit chain, ballots, roles and tokens. Each call is one transaction."""

from apps.governance.engine.chain import AuditVerification
from apps.governance.errors import (
    AlreadyVoted,
    ContentChanged,
    Denial,
    GenerationRefused,
    LadderInvalid,
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
    RecordsClosed,
    RecordsInvalid,
    Refused,
    RoleConflict,
    SignInRefused,
    SuspensionClosed,
    TokenInvalid,
    TokenRefused,
    Unsatisfiable,
)
from apps.governance.services.account_links import account_link_ask, account_link_confirm, account_link_withdraw
from apps.governance.services.audit import audit_denied, audit_record, denial_record
from apps.governance.services.audit_export import audit_export
from apps.governance.services.ballots import approval_require_possible, ballot_cast, ballots_void, voter_require
from apps.governance.services.chain import ChainBroken, audit_anchor, audit_check, audit_verify
from apps.governance.services.erasure import erasure_ask, erasure_confirm, erasure_withdraw
from apps.governance.services.holds import hold_place, hold_release, hold_release_ask
from apps.governance.services.incidents import incident_close, incident_open
from apps.governance.services.ladder import generation_require_allowed, rung_end, rung_grant
from apps.governance.services.overrides import override_ask, override_confirm, override_withdraw
from apps.governance.services.people import code_owner_assign, role_assign, role_remove, scope_create
from apps.governance.services.pilots import code_identify, pilot_end, pilot_name, pilot_require_possible
from apps.governance.services.policies import policy_freeze, policy_propose, policy_publish, policy_simulate
from apps.governance.services.retention import retention_ask, retention_confirm, retention_run, retention_withdraw
from apps.governance.services.sign_in import token_sign_in
from apps.governance.services.suspensions import (
    generation_suspend,
    generation_suspend_everywhere,
    suspension_explain,
    suspension_vote,
)
from apps.governance.services.tokens import (
    TOKEN_PREFIXES,
    TOKEN_SCOPES,
    token_authenticate,
    token_issue,
    token_revoke,
    token_rotate,
)
from apps.governance.services.tripwires import tripwires_check
from apps.governance.signals import audit_recorded

__all__ = [
    "TOKEN_PREFIXES",
    "TOKEN_SCOPES",
    "AlreadyVoted",
    "AuditVerification",
    "ChainBroken",
    "ContentChanged",
    "Denial",
    "GenerationRefused",
    "LadderInvalid",
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
    "RecordsClosed",
    "RecordsInvalid",
    "Refused",
    "RoleConflict",
    "SignInRefused",
    "SuspensionClosed",
    "TokenInvalid",
    "TokenRefused",
    "Unsatisfiable",
    "account_link_ask",
    "account_link_confirm",
    "account_link_withdraw",
    "approval_require_possible",
    "audit_anchor",
    "audit_check",
    "audit_denied",
    "audit_export",
    "audit_record",
    "audit_recorded",
    "audit_verify",
    "ballot_cast",
    "ballots_void",
    "code_identify",
    "code_owner_assign",
    "denial_record",
    "erasure_ask",
    "erasure_confirm",
    "erasure_withdraw",
    "generation_require_allowed",
    "generation_suspend",
    "generation_suspend_everywhere",
    "hold_place",
    "hold_release",
    "hold_release_ask",
    "incident_close",
    "incident_open",
    "override_ask",
    "override_confirm",
    "override_withdraw",
    "pilot_end",
    "pilot_name",
    "pilot_require_possible",
    "policy_freeze",
    "policy_propose",
    "policy_publish",
    "policy_simulate",
    "retention_ask",
    "retention_confirm",
    "retention_run",
    "retention_withdraw",
    "role_assign",
    "role_remove",
    "rung_end",
    "rung_grant",
    "scope_create",
    "suspension_explain",
    "suspension_vote",
    "token_authenticate",
    "token_issue",
    "token_revoke",
    "token_rotate",
    "token_sign_in",
    "tripwires_check",
    "voter_require",
]
