"""Tokens and kept answers in the admin site."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import NofxError
from apps.governance.callers import current_user
from apps.governance.models import ApiToken, IdempotencyKey
from apps.governance.services import token_revoke


@admin.action(description="Revoke the chosen tokens", permissions=["view"])
def revoke(admin_site: ReadOnlyAdmin, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
    """End the chosen tokens now."""
    if not current_user(request).is_superuser:
        admin_site.message_user(request, "Only an administrator revokes tokens.", messages.ERROR)
        return
    for token in tokens:
        try:
            token_revoke(token_id=token.pk, revoked_by=current_user(request))
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


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Answers kept for repeated requests."""

    list_display = ("user", "path", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "path")
    ordering = ("-created_at",)
    exclude = ("response",)
    show_full_result_count = False
