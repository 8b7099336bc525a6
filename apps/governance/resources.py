"""People, organisations, scopes, roles, ballots, the audit chain and one's own keys as API resources."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, JSONField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject, NullIf, Trim

from apps.core.database import any_looked_up
from apps.governance.models import (
    ApiToken,
    ApprovalPolicyVersion,
    AuditEvent,
    Ballot,
    CodeOwner,
    IdempotencyKey,
    Organisation,
    Override,
    PolicyVersion,
    RoleAssignment,
    Scope,
    User,
)
from apps.governance.rest import Resource
from apps.governance.selectors import audit_readable, readable_scopes, scope_ids
from apps.governance.selectors.policies import policies_readable
from apps.governance.selectors.policy_versions import versions_readable
from apps.governance.subjects import subjects_blind


class UserResource(Resource):
    """Somebody with a role where you have one: their name, and the roles that they hold there."""

    noun = "users"
    prefix = "user"
    model = User
    permit = "governance:read"
    columns = {"id": "pk", "username": "", "display_name": "", "is_service": "", "roles": ""}
    computed = {
        "display_name": CharField(help_text="The name people know them by; the username where there is none."),
        "roles": ArrayField(JSONField(), help_text="Each with scope and role; those in scopes that you read."),
    }
    filters = ("username", "is_service")
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out people without a role in a scope that *user* reads."""
        held = RoleAssignment.objects.filter(scope__in=scope_ids(user))
        scope = Concat(Value(f"{ScopeResource.prefix}_"), Cast("scope", CharField()))
        theirs = held.filter(user=OuterRef("pk")).order_by("scope", "role")
        full_name = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
        return rows.filter(pk__in=held.values("user")).annotate(
            display_name=Coalesce(full_name, "username"),
            roles=ArraySubquery(theirs.values(one=JSONObject(scope=scope, role="role"))),
        )


class OrganisationResource(Resource):
    """The owner of repositories."""

    noun = "organisations"
    prefix = "org"
    model = Organisation
    permit = "governance:read"
    columns = {"id": "pk", "name": ""}
    filters = ("name",)
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out organisations that *user* has no role in, nor in one of their repositories."""
        return rows.filter(pk__in=readable_scopes(user).values("organisation"))


class ScopeResource(Resource):
    """An organisation as a whole, or one of its repositories."""

    noun = "scopes"
    prefix = "scope"
    model = Scope
    permit = "governance:read"
    columns = {"id": "pk", "organisation": "organisation__name", "repository": "", "is_pilot": ""}
    joins = ("organisation",)
    filters = ("organisation", "repository", "is_pilot")
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out scopes that *user* has no role in."""
        return rows.filter(pk__in=readable_scopes(user).values("pk"))


class RoleResource(Resource):
    """A role that somebody holds."""

    noun = "roles"
    prefix = "role"
    model = RoleAssignment
    permit = "governance:read"
    columns = {
        "id": "pk",
        "user": "",
        "username": "user__username",
        "scope": "",
        "role": "",
        "granted_by": "",
        "granted_at": "",
    }
    references = {"user": "user", "scope": "scope", "granted_by": "user"}
    joins = ("user",)
    filters = ("user", "scope", "role")
    newest = "granted_at"
    place_path = "scope"


class CodeOwnerResource(Resource):
    """A reviewer named for the paths of a repository that match a pattern."""

    noun = "code-owners"
    prefix = "owner"
    model = CodeOwner
    permit = "governance:read"
    columns = {"id": "pk", "scope": "", "user": "", "pattern": ""}
    references = {"scope": "scope", "user": "user"}
    filters = ("scope", "user", "pattern")
    newest = None
    place_path = "scope"


class BallotResource(Resource):
    """A person's verdict on exactly what they saw. Others' verdicts appear once you have voted, or cannot."""

    noun = "ballots"
    prefix = "ballot"
    model = Ballot
    permit = "reviews:read"
    columns = {
        "id": "pk",
        "subject_kind": "",
        "subject_id": "",
        "subject_digest": "",
        "scope": "",
        "voter": "",
        "verdict": "",
        "rationale": "",
        "detail": "",
        "cast_at": "",
        "voided_at": "",
        "void_reason": "",
    }
    references = {"scope": "scope", "voter": "user"}
    filters = ("subject_kind", "subject_id", "voter", "verdict")
    newest = "cast_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out ballots of unreadable scopes, and others' ballots where *user* is still to vote."""
        return rows.filter(scope__in=scope_ids(user)).exclude(any_looked_up(subjects_blind(user)) & ~Q(voter=user))


class OverrideResource(Resource):
    """Two people's word that something may go on although a check of it failed, until a date."""

    noun = "overrides"
    prefix = "override"
    model = Override
    permit = "reviews:read"
    columns = {
        "id": "pk",
        "subject_kind": "",
        "subject_id": "",
        "subject_digest": "",
        "scope": "",
        "check_name": "",
        "reason": "",
        "ends_at": "",
        "asked_by": "",
        "asked_at": "",
        "confirmed_by": "",
        "confirmed_at": "",
        "withdrawn_by": "",
        "withdrawn_at": "",
    }
    references = {"scope": "scope", "asked_by": "user", "confirmed_by": "user", "withdrawn_by": "user"}
    filters = ("subject_kind", "subject_id", "check_name", "asked_by")
    newest = "asked_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of unreadable scopes."""
        return rows.filter(scope__in=scope_ids(user))


class ApprovalPolicyResource(Resource):
    """A version of who must approve requests of one risk; of those published in one place the highest number rules."""

    noun = "approval-policies"
    prefix = "policy"
    model = ApprovalPolicyVersion
    permit = "governance:read"
    columns = {
        "id": "pk",
        "scope": "",
        "risk_tier": "",
        "number": "",
        "content": "",
        "content_digest": "",
        "needed": "",
        "reason": "",
        "proposed_by": "",
        "proposed_at": "",
        "simulation": "",
        "simulated_at": "",
        "published_by": "",
        "published_at": "",
    }
    references = {"scope": "scope", "proposed_by": "user", "published_by": "user"}
    filters = ("scope", "risk_tier", "number")
    newest = "proposed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those that rule no place which *user* reads."""
        return rows.filter(pk__in=policies_readable(user).values("pk"))


class PolicyVersionResource(Resource):
    """A version of code rules, budgets or allowed providers; of those published in a place the highest number rules."""

    noun = "policy-versions"
    prefix = "version"
    model = PolicyVersion
    permit = "governance:read"
    columns = {
        "id": "pk",
        "kind": "",
        "scope": "",
        "number": "",
        "content": "",
        "content_digest": "",
        "reason": "",
        "proposed_by": "",
        "proposed_at": "",
        "simulation": "",
        "simulated_at": "",
        "published_by": "",
        "published_at": "",
    }
    references = {"scope": "scope", "proposed_by": "user", "published_by": "user"}
    filters = ("kind", "scope", "number")
    newest = "proposed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those that rule no place which *user* reads."""
        return rows.filter(pk__in=versions_readable(PolicyVersion.objects.all(), user).values("pk"))


class AuditEventResource(Resource):
    """An entry of the audit chain; the id is its number."""

    noun = "audit-events"
    prefix = "audit"
    model = AuditEvent
    permit = "audit:read"
    columns = {
        "id": "pk",
        "at": "",
        "actor_id": "",
        "actor_type": "",
        "on_behalf_of": "",
        "action": "",
        "object_kind": "",
        "object_id": "",
        "scope": "",
        "before_digest": "",
        "after_digest": "",
        "reason": "",
        "outcome": "",
        "detail": "",
        "format": "",
        "actor_is_agent": "",
        "origin_digest": "",
        "policy_version": "",
        "request_id": "",
        "previous_hash": "",
        "hash": "",
    }
    references = {"scope": "scope"}
    filters = ("actor_id", "actor_type", "action", "object_kind", "object_id", "outcome", "scope")
    newest = "sequence"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what *user* may not read: engineers and reviewers read what they did themselves."""
        return rows.filter(audit_readable(user))


class TokenResource(Resource):
    """One of your tokens, without its secret."""

    noun = "tokens"
    prefix = "token"
    model = ApiToken
    permit = "governance:read"
    columns = {
        "id": "pk",
        "name": "",
        "scopes": "",
        "repositories": "",
        "networks": "",
        "replaces": "",
        "created_at": "",
        "expires_at": "",
        "last_used_at": "",
        "revoked_at": "",
    }
    references = {"replaces": "token"}

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's tokens."""
        return rows.filter(user=user)


class IdempotencyKeyResource(Resource):
    """A key that you sent with a POST in the last 24 hours, without the answer that is kept for its repetitions."""

    noun = "idempotency-keys"
    prefix = "key"
    model = IdempotencyKey
    permit = "governance:read"
    columns = {"id": "pk", "path": "", "key": "", "status": "", "created_at": ""}
    filters = ("path", "key")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's keys."""
        return rows.filter(user=user)
