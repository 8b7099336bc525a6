"""The expansion ladder in the admin site, to read: a vote opens, people suspend, a vote resumes."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.governance.models import Incident, Rung, Suspension, TripwireReading


@admin.register(Rung)
class RungAdmin(ReadOnlyAdmin):
    """What votes of the committee opened."""

    list_display = ("title", "organisation", "risk_max", "granted_at", "expires_at", "ended_at")
    list_filter = ("risk_max",)
    list_select_related = ("organisation",)
    search_fields = ("title", "=gate_id", "=evidence_digest")
    ordering = ("-granted_at",)
    show_full_result_count = False


@admin.register(TripwireReading)
class TripwireReadingAdmin(ReadOnlyAdmin):
    """How tripwires were last found."""

    list_display = ("rung", "position", "state", "value", "n", "as_of", "read_at")
    list_filter = ("state",)
    list_select_related = ("rung",)
    search_fields = ("rung__title",)
    ordering = ("-read_at",)
    show_full_result_count = False


@admin.register(Suspension)
class SuspensionAdmin(ReadOnlyAdmin):
    """Suspensions; they are made on the page of the ladder and end there by a vote."""

    list_display = ("kind", "scope", "model", "rung", "suspended_by", "suspended_at", "resumed_at")
    list_filter = ("kind",)
    list_select_related = ("scope__organisation", "rung", "suspended_by")
    search_fields = ("=id", "=model", "scope__repository", "suspended_by__username")
    ordering = ("-suspended_at",)
    show_full_result_count = False


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """Incidents; they are opened and closed on their page."""

    list_display = ("title", "severity", "scope", "opened_by", "opened_at", "closed_at")
    list_filter = ("severity",)
    list_select_related = ("scope__organisation", "opened_by")
    search_fields = ("title", "=request_id", "scope__repository")
    ordering = ("-opened_at",)
    show_full_result_count = False
