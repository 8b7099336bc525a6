"""How long records are kept, what is held, whom they no longer name, and where audit entries came from; read-only."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.governance.models import AccountLink, AuditOrigin, Erasure, LegalHold, RetentionSetting, User
from apps.governance.rest import Resource
from apps.governance.selectors import audit_readable, can, scope_ids
from apps.governance.types import Action

SIGNED = {
    "reason": "",
    "asked_by": "",
    "asked_at": "",
    "confirmed_by": "",
    "confirmed_at": "",
    "withdrawn_by": "",
    "withdrawn_at": "",
}
SIGNERS = {"asked_by": "user", "confirmed_by": "user", "withdrawn_by": "user"}


class AuditOriginResource(Resource):
    """The address and the browser that an audit entry came from; gone when they have been kept for long enough."""

    noun = "audit-origins"
    prefix = "origin"
    model = AuditOrigin
    permit = "audit:read"
    columns = {"id": "pk", "event": "", "ip": "", "user_agent": ""}
    references = {"event": "audit"}
    filters = ("ip",)
    newest = "event"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of entries that *user* may not read."""
        return rows.filter(audit_readable(user, path="event__"))


class RetentionSettingResource(Resource):
    """For how many days one class of data is kept; the newest confirmed one rules."""

    noun = "retention-settings"
    prefix = "retention"
    model = RetentionSetting
    permit = "governance:read"
    columns = {"id": "pk", "data_class": "", "days": "", **SIGNED}
    references = SIGNERS
    filters = ("data_class",)
    newest = "asked_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out everything for those who may not read the audit of a whole organisation."""
        return rows if can(user, Action.AUDIT_READ, None) else rows.none()


class ErasureResource(Resource):
    """A person who is not named any more, or asked for it: who signed, and what was changed."""

    noun = "erasures"
    prefix = "erasure"
    model = Erasure
    permit = "audit:read"
    columns = {"id": "pk", "person": "", **SIGNED, "counts": ""}
    references = {"person": "user", **SIGNERS}
    filters = ("person",)
    newest = "asked_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out everything for those who may not read the audit of a whole organisation."""
        return rows if can(user, Action.AUDIT_READ, None) else rows.none()


class AccountLinkResource(Resource):
    """Two accounts that are one person's, or one that is its own: who signed for it."""

    noun = "account-links"
    prefix = "link"
    model = AccountLink
    permit = "audit:read"
    columns = {"id": "pk", "account": "", "other": "", **SIGNED}
    references = {"account": "user", "other": "user", **SIGNERS}
    filters = ("account", "other")
    newest = "asked_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out everything for those who may not read the audit of a whole organisation."""
        return rows if can(user, Action.AUDIT_READ, None) else rows.none()


class LegalHoldResource(Resource):
    """What must be kept whatever retention says: of a scope, a request or a person."""

    noun = "legal-holds"
    prefix = "hold"
    model = LegalHold
    permit = "audit:read"
    columns = {
        "id": "pk",
        "scope": "",
        "request": "request_id",
        "person": "",
        "reason": "",
        "placed_by": "",
        "placed_at": "",
        "release_asked_by": "",
        "release_asked_at": "",
        "released_by": "",
        "released_at": "",
    }
    references = {
        "scope": "scope",
        "person": "user",
        "placed_by": "user",
        "release_asked_by": "user",
        "released_by": "user",
    }
    filters = ("scope", "person")
    newest = "placed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of scopes whose audit *user* may not read; requests and people are the platform's."""
        readable = Q(scope__in=scope_ids(user, Action.AUDIT_READ))
        return rows.filter(readable | Q(scope__isnull=True) if can(user, Action.AUDIT_READ, None) else readable)
