"""The committee's gates in the admin site, to read: people ask, open, vote and close on their pages."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.governance.models import (
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
)


@admin.register(GateDefinitionVersion)
class GateDefinitionAdmin(ReadOnlyAdmin):
    """Versions of what gates ask for."""

    list_display = ("name", "number", "scope", "proposed_by", "proposed_at", "published_by", "published_at")
    list_select_related = ("scope__organisation", "proposed_by", "published_by")
    search_fields = ("name", "=content_digest")
    ordering = ("-proposed_at",)


@admin.register(Gate)
class GateAdmin(ReadOnlyAdmin):
    """Gates, open and decided."""

    list_display = ("title", "state", "scope", "requested_by", "requested_at", "opened_at", "closed_at")
    list_filter = ("state",)
    list_select_related = ("scope__organisation", "requested_by")
    search_fields = ("title", "=digest")
    ordering = ("-requested_at",)


@admin.register(GateReading)
class GateReadingAdmin(ReadOnlyAdmin):
    """What criteria were when they were read."""

    list_display = ("gate", "batch", "key", "state", "value", "n", "as_of", "read_at")
    list_filter = ("state",)
    list_select_related = ("gate",)
    search_fields = ("=key", "=measure")
    ordering = ("-read_at",)


@admin.register(GateWaiver)
class GateWaiverAdmin(ReadOnlyAdmin):
    """Waivers, as they were signed."""

    list_display = ("key", "gate", "asked_by", "confirmed_by", "ends_at", "withdrawn_at")
    list_select_related = ("gate", "asked_by", "confirmed_by")
    search_fields = ("=key", "asked_by__username")
    ordering = ("-asked_at",)


@admin.register(GateSeat)
class GateSeatAdmin(ReadOnlyAdmin):
    """Who sits on gates."""

    list_display = ("gate", "seat", "user", "is_alternate", "has_veto", "present_at")
    list_filter = ("is_alternate",)
    list_select_related = ("gate", "user")
    search_fields = ("=seat", "user__username")
    ordering = ("-assigned_at",)


@admin.register(GateFreeze)
class GateFreezeAdmin(ReadOnlyAdmin):
    """What votes were about."""

    list_display = ("gate", "number", "digest", "frozen_by", "frozen_at")
    list_select_related = ("gate", "frozen_by")
    search_fields = ("=digest",)
    ordering = ("-frozen_at",)


@admin.register(GateEvidence)
class GateEvidenceAdmin(ReadOnlyAdmin):
    """Criteria as they were frozen."""

    list_display = ("reading", "state", "is_required", "waiver")
    list_filter = ("state",)
    list_select_related = ("reading", "waiver")
    search_fields = ("=reading__key",)
    ordering = ("-id",)


@admin.register(GateDecision)
class GateDecisionAdmin(ReadOnlyAdmin):
    """What committees decided."""

    list_display = ("gate", "outcome", "decided_by", "decided_at")
    list_filter = ("outcome",)
    list_select_related = ("gate", "decided_by")
    search_fields = ("=content_digest",)
    ordering = ("-decided_at",)
