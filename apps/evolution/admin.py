"""Architecture in the admin site: to look things up."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource


@admin.register(ArchitectureSnapshot)
class ArchitectureSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("id", "snapshot_date", "source", "created_at")
    list_filter = ("source__revision__repository", "snapshot_date")
    list_select_related = ("source__revision__repository",)
    search_fields = ("=id", "source__revision__sha")
    date_hierarchy = "snapshot_date"
    ordering = ("-created_at",)


@admin.register(ArchitectureEvolutionPlan)
class ArchitectureEvolutionPlanAdmin(ReadOnlyAdmin):
    list_display = ("id", "status", "estimated_effort_hours", "risk_score", "current_snapshot", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("current_snapshot",)
    search_fields = ("=id", "=current_snapshot__id", "current_snapshot__source__revision__sha")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(SnapshotSource)
class SnapshotSourceAdmin(ReadOnlyAdmin):
    list_display = ("snapshot", "revision")
    list_filter = ("revision__repository",)
    list_select_related = ("snapshot", "revision__repository")
    search_fields = ("=snapshot__id", "revision__sha")
    ordering = ("-snapshot__created_at",)
