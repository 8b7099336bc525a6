"""Generated pages in the admin site: to look things up."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.docs.models import (
    DocumentationArtifact,
    DocumentationObservation,
    DocumentationRelease,
    DocumentationSource,
)


@admin.register(DocumentationArtifact)
class DocumentationArtifactAdmin(ReadOnlyAdmin):
    list_display = ("id", "artifact_type", "source", "format", "quality_score", "last_updated")
    list_filter = ("artifact_type", "format", "source__revision__repository")
    list_select_related = ("source__revision__repository",)
    search_fields = ("=id", "target_code_version", "source__revision__repository__name")
    date_hierarchy = "last_updated"
    ordering = ("-last_updated",)


@admin.register(DocumentationSource)
class DocumentationSourceAdmin(ReadOnlyAdmin):
    list_display = ("artifact", "revision", "validated_at")
    list_filter = ("revision__repository", "validated_at")
    list_select_related = ("artifact", "revision__repository")
    search_fields = ("=artifact__id", "revision__sha")
    ordering = ("-artifact__last_updated",)


@admin.register(DocumentationObservation)
class DocumentationObservationAdmin(ReadOnlyAdmin):
    list_display = ("revision", "state", "changes", "begun_at", "observed_at")
    list_filter = ("state", "repository", "observed_at")
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha", "repository__name")
    date_hierarchy = "observed_at"
    ordering = ("-observed_at",)


@admin.register(DocumentationRelease)
class DocumentationReleaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "repository", "tagged_at", "seen_at")
    list_filter = ("repository", "seen_at")
    list_select_related = ("repository",)
    search_fields = ("name", "repository__name")
    date_hierarchy = "seen_at"
    ordering = ("-seen_at",)
