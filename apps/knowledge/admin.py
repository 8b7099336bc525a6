"""Knowledge in the admin site: to look things up. Policies are written on their page, which audits it."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.knowledge.models import RepositoryPolicy


@admin.register(RepositoryPolicy)
class RepositoryPolicyAdmin(ReadOnlyAdmin):
    list_display = ("repository", "version", "written_by", "written_at")
    list_filter = ("repository",)
    list_select_related = ("repository", "written_by")
    search_fields = ("id", "repository__name", "reason", "written_by__username")
