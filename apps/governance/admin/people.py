"""People, places and roles in the admin site."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.governance.admin.sign_in import confirm_own_passwords, forget_apps
from apps.governance.callers import current_user
from apps.governance.errors import OrganisationInvalid
from apps.governance.models import CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.governance.selectors.roles import superuser_refused
from apps.governance.services import audit_record, code_owner_assign, role_assign, role_remove, scope_create
from apps.governance.services.erasure import pseudonym
from apps.governance.services.organisations import organisation_name, organisation_rename
from apps.governance.services.people import code_owner_remove, role_conflict
from apps.governance.types import Role


class RoleForm(ModelForm):
    """A role for one account in one scope, refused where it conflicts with another role of the account."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.keys() >= {"user", "scope", "role"}:
            problem = role_conflict(user=data["user"], scope=data["scope"], role=data["role"])
            if problem:
                self.add_error("role", problem)
        return data


class GivenPasswordForm(AdminPasswordChangeForm):
    """A password for somebody else, who has to choose their own with it."""

    def save(self, commit: bool = True) -> User:
        """Save it as one that was given; without a usable one there is nothing to change."""
        self.user.is_password_given = self.cleaned_data.get("set_usable_password", True)
        self.user.password_given_by = None
        return cast("User", super().save(commit))


class PersonForm(UserChangeForm):
    """An account; whoever sits on the committee, or audits, in any account of theirs cannot become an administrator."""

    def clean_is_superuser(self) -> bool:
        wanted: bool = self.cleaned_data["is_superuser"]
        problem = superuser_refused(self.instance) if wanted and self.instance.pk else ""
        if problem:
            raise ValidationError(f"{problem} Take that role away first.")
        return wanted


# Django's groups grant nothing here: what people may do follows from their role assignments.
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Accounts of people and machines. Who holds which role is a row of its own."""

    form = PersonForm
    change_password_form = GivenPasswordForm
    # Which accounts are one person's decides who votes how often: two people sign for it, on a page of its own.
    readonly_fields = ("person_key",)

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

    actions = (forget_apps, confirm_own_passwords)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save the account and record which of its fields changed, never their values."""
        if not change:
            obj.is_password_given = obj.has_usable_password()
            obj.password_given_by = current_user(request) if obj.is_password_given else None
        super().save_model(request, obj, form, change)
        audit_record(
            action="person.change" if change else "person.add",
            object_kind="user",
            object_id=obj.pk,
            actor=current_user(request),
            detail={"fields": [name for name in form.changed_data if "password" not in name]},
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002  Django calls it so
        """Give somebody else a password; one's own is chosen in the profile."""
        if id == str(current_user(request).pk):
            return redirect("governance:password")
        return cast("HttpResponse", super().user_change_password(request, id, form_url))

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        """Record also that somebody else gave the account a password, which Django saves past ``save_model``."""
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            User.objects.filter(pk=obj.pk, is_password_given=True).update(password_given_by=current_user(request))
            audit_record(action="person.password", object_kind="user", object_id=obj.pk, actor=current_user(request))
        return super().log_change(request, obj, message)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever was erased stays closed and without a name."""
        if obj is not None and obj.username == pseudonym(obj.pk):
            return False
        return super().has_change_permission(request, obj)

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
        obj.pk = role_assign(user=obj.user, scope=obj.scope, role=Role(obj.role), granted_by=current_user(request)).pk

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        """Take the role away."""
        role_remove(assignment_id=obj.pk, removed_by=current_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """Take each role away."""
        for assignment in queryset:
            role_remove(assignment_id=assignment.pk, removed_by=current_user(request))


class NameForm(ModelForm):
    """The name of an organisation, held to what it may be."""

    def clean_name(self) -> str:
        try:
            return organisation_name(self.cleaned_data["name"])
        except OrganisationInvalid as error:
            raise ValidationError(str(error)) from error


class PlaceAdmin(admin.ModelAdmin):
    """Places are made and never removed: history points to them."""

    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(PlaceAdmin):
    """Owners of repositories."""

    form = NameForm
    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Organisation, form: ModelForm, change: bool) -> None:
        """Make it with its place, or rename it."""
        actor = current_user(request)
        if change:
            organisation_rename(organisation_id=obj.pk, name=obj.name, actor=actor, is_interactive=True)
        else:
            obj.pk = scope_create(organisation=obj.name, created_by=actor).organisation_id


@admin.register(Scope)
class ScopeAdmin(PlaceAdmin):
    """Organisations and their repositories, as places for roles. Pilots are named and ended on the ladder's page."""

    list_display = ("organisation", "repository", "is_pilot")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "repository")
    ordering = ("organisation__name", "repository")
    fields = ("organisation", "repository")

    def has_change_permission(self, request: HttpRequest, obj: Scope | None = None) -> bool:
        """Decisions, roles and audit entries are about the place as it is."""
        return False

    def save_model(self, request: HttpRequest, obj: Scope, form: ModelForm, change: bool) -> None:
        """Make the place."""
        actor = current_user(request)
        obj.pk = scope_create(organisation=obj.organisation.name, repository=obj.repository, created_by=actor).pk


@admin.register(CodeOwner)
class CodeOwnerAdmin(admin.ModelAdmin):
    """Reviewers named for paths. An owner is named or no longer named, never changed."""

    list_display = ("user", "pattern", "scope")
    list_select_related = ("user", "scope__organisation")
    search_fields = ("user__username", "pattern", "scope__repository")
    autocomplete_fields = ("user", "scope")
    ordering = ("scope__repository", "pattern")
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: CodeOwner | None = None) -> bool:
        """Take the name away and give another one."""
        return False

    def save_model(self, request: HttpRequest, obj: CodeOwner, form: ModelForm, change: bool) -> None:
        """Name the owner."""
        actor = current_user(request)
        obj.pk = code_owner_assign(user=obj.user, scope=obj.scope, pattern=obj.pattern, granted_by=actor).pk

    def delete_model(self, request: HttpRequest, obj: CodeOwner) -> None:
        """Name them no longer."""
        code_owner_remove(owner_id=obj.pk, removed_by=current_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CodeOwner]) -> None:
        """Name each of them no longer."""
        for owner in queryset:
            code_owner_remove(owner_id=owner.pk, removed_by=current_user(request))
