"""Knowledge in the admin site: to look things up. What is decided is decided on pages, which audit it."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.knowledge.models import MinedPattern, RepositoryPolicy


@admin.register(RepositoryPolicy)
class RepositoryPolicyAdmin(ReadOnlyAdmin):
    list_display = ("repository", "version", "written_by", "written_at")
    list_filter = ("repository",)
    list_select_related = ("repository", "written_by")
    search_fields = ("=id", "repository__name", "reason", "written_by__username")


@admin.register(MinedPattern)
class MinedPatternAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "repository", "support", "modules", "approved", "state", "is_current", "mined_at")
    list_filter = ("state", "is_current", "repository")
    list_select_related = ("repository",)
    search_fields = ("=id", "name", "=structure_digest", "template")
