"""Retention, legal holds, erasures and the origins of audit entries, to read; people sign on the governance pages."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.governance.models import AccountLink, AuditOrigin, Erasure, LegalHold, RetentionSetting


@admin.register(AuditOrigin)
class AuditOriginAdmin(ReadOnlyAdmin):
    """Where audit entries came from."""

    list_display = ("event_id", "ip", "user_agent")
    search_fields = ("=event__actor_id", "=ip")
    exclude = ("salt",)
    ordering = ("-event_id",)


@admin.register(RetentionSetting)
class RetentionSettingAdmin(ReadOnlyAdmin):
    """For how long data is kept."""

    list_display = ("data_class", "days", "asked_by", "asked_at", "confirmed_by", "confirmed_at", "withdrawn_at")
    list_select_related = ("asked_by", "confirmed_by")
    search_fields = ("=data_class",)
    ordering = ("-asked_at",)


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """What must be kept."""

    list_display = ("scope", "request_id", "person", "reason", "placed_by", "placed_at", "released_at")
    list_select_related = ("scope__organisation", "person", "placed_by")
    search_fields = ("scope__repository", "person__username")
    ordering = ("-placed_at",)


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Who is not named any more."""

    list_display = ("person", "asked_by", "asked_at", "confirmed_by", "confirmed_at", "withdrawn_at")
    list_select_related = ("person", "asked_by", "confirmed_by")
    search_fields = ("person__username",)
    ordering = ("-asked_at",)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnlyAdmin):
    """Which accounts are one person's, and who signed for it."""

    list_display = ("account", "other", "asked_by", "asked_at", "confirmed_by", "confirmed_at", "withdrawn_at")
    list_select_related = ("account", "other", "asked_by", "confirmed_by")
    search_fields = ("account__username", "other__username")
    ordering = ("-asked_at",)
