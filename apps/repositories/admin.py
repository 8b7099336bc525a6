"""Registered code in the admin site."""

from __future__ import annotations

from django.contrib import admin

from apps.repositories import models


@admin.register(models.Repository)
class RepositoryAdmin(admin.ModelAdmin):
    list_display = ("name", "path", "remote", "default_branch", "is_demo", "created_at")
    list_filter = ("is_demo",)
    search_fields = ("name", "path")
    readonly_fields = ("scope", "path", "is_demo", "created_at")


@admin.register(models.Revision)
class RevisionAdmin(admin.ModelAdmin):
    list_display = ("repository", "sha", "subject", "committed_at", "seen_at")
    list_filter = ("repository",)
    list_select_related = ("repository",)
    search_fields = ("sha", "subject")
    readonly_fields = ("repository", "sha", "subject", "committed_at", "seen_at")
    show_full_result_count = False
