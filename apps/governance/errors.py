"""Why governance says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import Conflict, NofxError, PermissionRefused


@dataclass
class Denial:
    """What was refused, so that whoever handles the refusal can put it into the audit chain."""

    action: str
    object_kind: str
    object_id: str
    scope_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    is_recorded: bool = False


class Recorded(NofxError):
    """A refusal that belongs into the audit chain."""

    def __init__(self, message: str, *, remedy: str = "", denial: Denial | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.denial = denial


class Refused(Recorded, PermissionRefused):
    """The person may see the object but not do this to it. ``required`` names roles or scopes that would do."""

    required: tuple[str, ...] = ()


class NotAllowed(Refused):
    """None of the person's roles allows the action."""

    code = "permission.role_missing"


class TokenScopeMissing(Refused):
    """The token may not do this."""

    code = "permission.token_scope_missing"


class CsrfRefused(PermissionRefused):
    """A write from a browser without the page's CSRF token."""

    code = "permission.csrf"


class NotEligible(Refused):
    """The person may not vote on this subject."""

    code = "quorum.not_eligible"


class NotInteractive(Refused):
    """Votes come from a person at the page; tokens and service accounts have none."""

    code = "quorum.tokens_never_vote"


class ContentChanged(Recorded, Conflict):
    """What the person saw is not what is there now."""

    code = "quorum.content_changed"


class AlreadyVoted(Recorded, Conflict):
    """The person has a ballot on this content."""

    code = "quorum.already_voted"


class RationaleMissing(NofxError):
    """A refusal needs a reason."""

    code = "quorum.rationale_missing"
    status = 422


class OverrideInvalid(NofxError):
    """An override cannot be asked for like this: no reason, no end, or nothing that failed."""

    code = "override.invalid"
    status = 422


class OverrideClosed(Recorded, Conflict):
    """The override is there already, has ended, or is about something that changed."""

    code = "override.closed"


class Unsatisfiable(NofxError):
    """The people there are could never approve this."""

    code = "quorum.unsatisfiable"
    status = 422


class PolicyInvalid(NofxError):
    """An approval policy contradicts itself, or nobody could satisfy it."""

    code = "policy.invalid"
    status = 422


class PolicyClosed(Recorded, Conflict):
    """The version is published, was not simulated, or is not what the person saw."""

    code = "policy.closed"


class LadderInvalid(NofxError):
    """A rung, a suspension or an incident cannot be like this."""

    code = "ladder.invalid"
    status = 422


class GenerationRefused(Refused):
    """Nothing may be generated here now; ``code`` says whether it is suspended, expired, outside or not open."""

    code = "generation.not_open"


class SuspensionClosed(Recorded, Conflict):
    """It is suspended already, was resumed, or is not what the person saw."""

    code = "suspension.closed"


class GateInvalid(NofxError):
    """A gate, its definition or a waiver cannot be saved like this."""

    code = "gate.invalid"
    status = 422


class GateClosed(Recorded, Conflict):
    """The gate is not where this is done: it is decided, not open yet, open already, or its vote is over."""

    code = "gate.closed"


class GateBlocked(Recorded, Conflict):
    """The evidence of the gate does not let a vote open or be decided."""

    code = "gate.blocked"


class RoleConflict(Conflict):
    """Two roles that one person must not hold."""

    code = "role.conflict"


class TokenRefused(NofxError):
    """The token is unknown, expired or revoked, or the account is closed."""

    code = "token.refused"
    status = 401


class TokenElsewhere(Refused):
    """The token is good, but not from here."""

    code = "token.elsewhere"


class SignInRefused(NofxError):
    """User name or password is wrong."""

    code = "sign_in.refused"
    status = 401


class LockedOut(NofxError):
    """Too many failed attempts."""

    code = "sign_in.locked_out"
    status = 429


class CodeNeeded(NofxError):
    """The password is right; the code of the authenticator app is asked for as well."""

    code = "sign_in.code_needed"
    status = 401


class SecondFactorMissing(PermissionRefused):
    """The installation asks this person for an authenticator app, and they have none yet."""

    code = "sign_in.second_factor_missing"


class PasswordGiven(Refused):
    """Somebody else chose the password of this account, and its person has not changed it yet."""

    code = "sign_in.password_given"


class SecondFactorInvalid(NofxError):
    """An authenticator app cannot be set up or changed like this."""

    code = "second_factor.invalid"
    status = 422


class AbsenceInvalid(NofxError):
    """Nobody can be away like this."""

    code = "absence.invalid"
    status = 422


class AccountClosed(Refused):
    """The account was closed while its person was signed in."""

    code = "account.closed"


class SignOnRefused(Refused):
    """The single sign-on knows the person, and this account is not theirs."""

    code = "sign_in.sign_on_refused"


class ConfirmationNeeded(PermissionRefused):
    """Whoever signs shows again that it is them."""

    code = "sign_in.confirmation_needed"


class TokenInvalid(NofxError):
    """A token cannot be issued like this."""

    code = "token.invalid"
    status = 422


class SigningKeyUnusable(NofxError):
    """Nothing can be signed: there is no key that the platform knows as its current one."""

    code = "signing.key_unusable"
    status = 503


class PackClosed(Conflict):
    """The pack has ended, or is not made yet."""

    code = "pack.closed"


class PackImpossible(NofxError):
    """There is nothing here that a pack could hold yet."""

    code = "pack.impossible"
    status = 422


class OrganisationInvalid(NofxError):
    """An organisation cannot be called like this."""

    code = "organisation.invalid"
    status = 422


class RecordsInvalid(NofxError):
    """Retention, a hold or an erasure cannot be asked for like this."""

    code = "records.invalid"
    status = 422


class RecordsClosed(Recorded, Conflict):
    """It was signed or withdrawn already, or is held."""

    code = "records.closed"
