"""Absences, and what of allauth belongs into the admin site."""

from __future__ import annotations

# allauth registers its own when these are first imported.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401  it registers
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.governance.callers import current_user, session_key
from apps.governance.models import Absence, User
from apps.governance.services.given_passwords import own_password_confirm
from apps.governance.services.second_factor import second_factor_remove

# Secrets belong into the environment, and addresses connect nobody.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    """When people said they are away."""

    list_display = ("user", "starts_on", "ends_on", "declared_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    ordering = ("-declared_at",)
    show_full_result_count = False


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Which single sign-on vouches for whom."""

    list_display = ("user", "provider", "uid", "last_login")
    list_select_related = ("user",)
    search_fields = ("user__username", "=uid")
    ordering = ("user__username",)
    show_full_result_count = False


@admin.action(description="Remove the authenticator apps of the chosen people", permissions=["change"])
def forget_apps(admin_site: admin.ModelAdmin, request: HttpRequest, people: QuerySet[User]) -> None:
    """Let people who lost phone and recovery codes in by their passwords."""
    if not current_user(request).is_superuser:
        admin_site.message_user(request, "Only an administrator removes an authenticator app.", messages.ERROR)
        return
    for person in people:
        second_factor_remove(user=person, removed_by=current_user(request))


@admin.action(description="Confirm that the chosen people chose their passwords themselves", permissions=["change"])
def confirm_own_passwords(admin_site: admin.ModelAdmin, request: HttpRequest, people: QuerySet[User]) -> None:
    """Let people vote at once whose own password was chosen with one that another administrator gave."""
    for person in people:
        own_password_confirm(user=person, actor=current_user(request), session_key=session_key(request))
