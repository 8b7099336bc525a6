from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.sandbox.models import SandboxDay


@admin.register(SandboxDay)
class SandboxDayAdmin(ReadOnlyAdmin):
    """The health of the sandboxes: a row a machine and day."""

    list_display = (
        "day",
        "machine",
        "tier",
        "node",
        "runs",
        "refusals",
        "kills",
        "failures",
        "starts",
        "longest_queue",
        "reported_at",
    )
    list_filter = ("tier", "machine")
    search_fields = ("machine",)
    date_hierarchy = "day"
    ordering = ("-day", "machine")
