"""People, roles and tokens in the admin site; ballots and the audit chain to read."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import NofxError
from apps.governance.models import (
    ApiToken,
    ApprovalPolicyVersion,
    AuditEvent,
    Ballot,
    CodeOwner,
    IdempotencyKey,
    Organisation,
    Override,
    RoleAssignment,
    Scope,
    User,
)
from apps.governance.services import audit_record, role_remove, token_revoke
from apps.governance.services.people import role_conflict


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)


class RoleForm(ModelForm):
    """A role for one account in one scope, refused where it conflicts with another role of the account."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.keys() >= {"user", "scope", "role"}:
            problem = role_conflict(user=data["user"], scope=data["scope"], role=data["role"])
            if problem:
                self.add_error("role", problem)
        return data


class PersonForm(UserChangeForm):
    """An account; a member of the committee cannot become an administrator."""

    def clean_is_superuser(self) -> bool:
        wanted: bool = self.cleaned_data["is_superuser"]
        seats = RoleAssignment.objects.filter(user=self.instance, role__in=["committee", "chair"])
        if wanted and self.instance.pk and seats.exists():
            raise ValidationError("An administrator cannot sit on the committee. Take that role away first.")
        return wanted


# Django's groups grant nothing here: what people may do follows from their role assignments.
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Accounts of people and machines. Who holds which role is a row of its own."""

    form = PersonForm

    list_display = ("username", "first_name", "last_name", "is_active", "is_service", "is_superuser", "last_login")
    list_filter = ("is_active", "is_service", "is_superuser")
    ordering = ("username",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "person_key")}),
        ("Account", {"fields": ("is_active", "is_service", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save the account and record which of its fields changed, never their values."""
        super().save_model(request, obj, form, change)
        audit_record(
            action="person.change" if change else "person.add",
            object_kind="user",
            object_id=obj.pk,
            actor=_actor(request),
            detail={"fields": [name for name in form.changed_data if "password" not in name]},
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are closed, never removed: what they decided stays theirs."""
        return False


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(admin.ModelAdmin):
    """Who is what, where. A role is given or taken away, never changed."""

    form = RoleForm
    list_display = ("user", "role", "scope", "granted_by", "granted_at")
    list_filter = ("role", "scope__organisation")
    list_select_related = ("user", "granted_by", "scope__organisation")
    search_fields = ("user__username", "scope__repository")
    autocomplete_fields = ("user", "scope")
    ordering = ("user__username", "role")
    exclude = ("granted_by", "granted_at")
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: RoleAssignment | None = None) -> bool:
        """Take the role away and give another one."""
        return False

    def save_model(self, request: HttpRequest, obj: RoleAssignment, form: ModelForm, change: bool) -> None:
        """Give the role; the form has seen that it fits."""
        obj.granted_by = _actor(request)
        super().save_model(request, obj, form, change)
        audit_record(
            action="role.assign",
            object_kind="user",
            object_id=obj.user_id,
            actor=_actor(request),
            scope=obj.scope,
            detail={"role": obj.role},
        )

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        """Take the role away."""
        role_remove(assignment_id=obj.pk, removed_by=_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """Take each role away."""
        for assignment in queryset:
            role_remove(assignment_id=assignment.pk, removed_by=_actor(request))


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    """Owners of repositories."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Scope)
class ScopeAdmin(admin.ModelAdmin):
    """Organisations and their repositories, as places for roles."""

    list_display = ("organisation", "repository")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "repository")
    ordering = ("organisation__name", "repository")


@admin.register(CodeOwner)
class CodeOwnerAdmin(admin.ModelAdmin):
    """Reviewers named for paths."""

    list_display = ("user", "pattern", "scope")
    list_select_related = ("user", "scope__organisation")
    search_fields = ("user__username", "pattern", "scope__repository")
    autocomplete_fields = ("user", "scope")
    ordering = ("scope__repository", "pattern")

    def save_model(self, request: HttpRequest, obj: CodeOwner, form: ModelForm, change: bool) -> None:
        """Name the owner and record it."""
        super().save_model(request, obj, form, change)
        audit_record(
            action="owner.assign",
            object_kind="user",
            object_id=obj.user_id,
            actor=_actor(request),
            scope=obj.scope,
            detail={"pattern": obj.pattern},
        )


@admin.action(description="Revoke the chosen tokens", permissions=["view"])
def revoke(admin_site: ReadOnlyAdmin, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
    """End the chosen tokens now."""
    if not _actor(request).is_superuser:
        admin_site.message_user(request, "Only an administrator revokes tokens.", messages.ERROR)
        return
    for token in tokens:
        try:
            token_revoke(token_id=token.pk, revoked_by=_actor(request))
        except NofxError as error:
            admin_site.message_user(request, str(error), messages.WARNING)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens to look at and to revoke; their secrets are not kept."""

    list_display = ("name", "user", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("-created_at",)
    exclude = ("digest",)
    show_full_result_count = False
    actions = (revoke,)


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    """Verdicts, as they were given."""

    list_display = ("voter", "verdict", "subject_kind", "subject_id", "scope", "cast_at", "voided_at")
    list_filter = ("verdict", "subject_kind")
    list_select_related = ("voter", "scope__organisation")
    search_fields = ("voter__username", "=subject_id")
    ordering = ("-cast_at",)
    show_full_result_count = False


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """Overrides of failed checks, as they were signed."""

    list_display = ("check_name", "subject_kind", "subject_id", "asked_by", "confirmed_by", "ends_at", "withdrawn_at")
    list_filter = ("check_name", "subject_kind")
    list_select_related = ("asked_by", "confirmed_by")
    search_fields = ("asked_by__username", "=subject_id")
    ordering = ("-asked_at",)
    show_full_result_count = False


@admin.register(ApprovalPolicyVersion)
class ApprovalPolicyAdmin(ReadOnlyAdmin):
    """Versions of approval policies; they are proposed and published on the governance pages, by two people."""

    list_display = (
        "scope",
        "risk_tier",
        "number",
        "needed",
        "proposed_by",
        "proposed_at",
        "published_by",
        "published_at",
    )
    list_filter = ("risk_tier",)
    list_select_related = ("scope__organisation", "proposed_by", "published_by")
    search_fields = ("scope__repository", "=content_digest")
    ordering = ("-proposed_at",)
    show_full_result_count = False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit chain."""

    list_display = ("sequence", "at", "actor_id", "actor_type", "action", "object_kind", "object_id", "outcome")
    list_filter = ("outcome", "actor_type")
    search_fields = ("=action", "=object_id", "=actor_id")
    ordering = ("-sequence",)
    show_full_result_count = False


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Answers kept for repeated requests."""

    list_display = ("user", "path", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "path")
    ordering = ("-created_at",)
    exclude = ("response",)
    show_full_result_count = False
