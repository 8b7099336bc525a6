"""What the metrics pages keep, in the admin site."""

from __future__ import annotations

from django.contrib import admin

from apps.console import models
from apps.core.admin import ReadOnlyAdmin


@admin.register(models.MetricSample)
class MetricSampleAdmin(ReadOnlyAdmin):
    """Figures of days."""

    list_display = ("key", "scope", "origin", "day", "value", "n", "taken_at")
    list_filter = ("origin", "is_error")
    list_select_related = ("scope__organisation",)
    search_fields = ("key",)
    ordering = ("-taken_at",)


@admin.register(models.Baseline)
class BaselineAdmin(ReadOnlyAdmin):
    """Figures of the past, as they were imported."""

    list_display = ("key", "scope", "version", "value", "period_start", "period_end", "imported_by", "imported_at")
    list_select_related = ("scope__organisation", "imported_by")
    search_fields = ("key", "source")
    ordering = ("-imported_at",)
