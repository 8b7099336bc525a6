"""People, places and roles in the admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.governance.admin.actors import actor_of
from apps.governance.admin.sign_in import forget_apps
from apps.governance.models import CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.governance.services import audit_record, role_remove
from apps.governance.services.people import role_conflict


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

    actions = (forget_apps,)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save the account and record which of its fields changed, never their values."""
        super().save_model(request, obj, form, change)
        audit_record(
            action="person.change" if change else "person.add",
            object_kind="user",
            object_id=obj.pk,
            actor=actor_of(request),
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
        obj.granted_by = actor_of(request)
        super().save_model(request, obj, form, change)
        audit_record(
            action="role.assign",
            object_kind="user",
            object_id=obj.user_id,
            actor=actor_of(request),
            scope=obj.scope,
            detail={"role": obj.role},
        )

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        """Take the role away."""
        role_remove(assignment_id=obj.pk, removed_by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """Take each role away."""
        for assignment in queryset:
            role_remove(assignment_id=assignment.pk, removed_by=actor_of(request))


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
            actor=actor_of(request),
            scope=obj.scope,
            detail={"pattern": obj.pattern},
        )
