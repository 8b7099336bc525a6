"""Registered code in the admin site."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.forms import ModelForm
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.governance.callers import current_user
from apps.governance.models import Scope
from apps.governance.services import audit_record
from apps.repositories import models
from apps.repositories.forms import RegistrationForm
from apps.repositories.services import repository_register


@admin.register(models.Repository)
class RepositoryAdmin(admin.ModelAdmin):
    """Registered once, by the path of a clone; afterwards only its remote and its default branch change."""

    list_display = ("name", "path", "remote", "default_branch", "is_demo", "created_at")
    list_filter = ("is_demo",)
    search_fields = ("name", "path")
    ordering = ("name",)
    registered_fields = ("name", "scope", "path", "is_demo", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Repository | None = None) -> tuple[str, ...]:
        """What a registration said stays."""
        return self.registered_fields if obj else ()

    def get_form(
        self, request: HttpRequest, obj: models.Repository | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Return the form of a registration where there is no repository yet."""
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, **{**kwargs, "form": RegistrationForm})
        field = deepcopy(form.base_fields["organisation"])  # The form's own is shared by every page.
        relation = Scope._meta.get_field("organisation").remote_field
        field.widget = RelatedFieldWidgetWrapper(field.widget, relation, self.admin_site, can_add_related=True)
        form.base_fields["organisation"] = field
        return form

    def has_delete_permission(self, request: HttpRequest, obj: models.Repository | None = None) -> bool:
        """Requests, figures and decisions are about it."""
        return False

    def save_model(self, request: HttpRequest, obj: models.Repository, form: ModelForm, change: bool) -> None:
        """Register the repository, or keep what changed; the form has seen that it can be registered."""
        if change:
            super().save_model(request, obj, form, change)
            audit_record(
                action="repository.change",
                object_kind="repository",
                object_id=obj.pk,
                actor=current_user(request),
                scope=obj.scope,
                detail={"fields": form.changed_data},
            )
            return
        said = form.cleaned_data
        made = repository_register(
            actor=current_user(request),
            name=said["name"],
            path=Path(said["path"]),
            organisation=said["organisation"],
            remote=said["remote"] or None,
            default_branch=said["default_branch"] or None,
            is_pilot=said["is_pilot"],
        )
        obj.pk, obj.name = made.pk, made.name


@admin.register(models.Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Commits that were looked at."""

    list_display = ("repository", "sha", "subject", "committed_at", "seen_at")
    list_filter = ("repository",)
    list_select_related = ("repository",)
    search_fields = ("sha", "subject")


@admin.register(models.CodeIndex)
class CodeIndexAdmin(ReadOnlyAdmin):
    """Commits that are ready to be searched."""

    list_display = ("revision", "file_count", "symbol_count", "reused", "unreadable", "left_out", "created_at")
    list_filter = ("revision__repository",)
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha",)
    exclude = ("files",)
    ordering = ("-created_at",)


@admin.register(models.IndexedFile)
class IndexedFileAdmin(ReadOnlyAdmin):
    """Texts that were read."""

    list_display = ("path", "repository", "blob", "is_readable", "created_at")
    list_filter = ("repository", "is_readable")
    list_select_related = ("repository",)
    search_fields = ("path", "blob")
    ordering = ("-created_at",)


@admin.register(models.CodeSymbol)
class CodeSymbolAdmin(ReadOnlyAdmin):
    """Functions, classes and methods."""

    list_display = ("dotted", "kind", "repository", "line", "created_at")
    list_filter = ("repository", "kind")
    list_select_related = ("repository",)
    search_fields = ("dotted", "=digest")
    exclude = ("search", "embedding")
    raw_id_fields = ("file",)
    ordering = ("-created_at",)


@admin.register(models.Lineage)
class LineageAdmin(ReadOnlyAdmin):
    """Commits of which the origin of each line is known."""

    list_display = ("revision", "position", "ai_lines", "mixed_lines", "human_lines", "measured_at")
    list_filter = ("revision__repository",)
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha",)
    exclude = ("files", "deliveries")
    ordering = ("-measured_at",)


@admin.register(models.LineBirth)
class LineBirthAdmin(ReadOnlyAdmin):
    """Lines that commits began."""

    list_display = ("repository", "sha", "origin", "lines", "born_at", "request_id")
    list_filter = ("repository", "origin")
    list_select_related = ("repository",)
    search_fields = ("sha",)
    ordering = ("-born_at",)


@admin.register(models.LineEnd)
class LineEndAdmin(ReadOnlyAdmin):
    """Lines that commits ended."""

    list_display = ("birth", "path", "lines", "is_change", "ended_at")
    list_filter = ("is_change",)
    list_select_related = ("birth",)
    search_fields = ("path",)
    raw_id_fields = ("birth",)
    ordering = ("-ended_at",)


@admin.register(models.LineSpans)
class LineSpansAdmin(ReadOnlyAdmin):
    """Where the lines of a file come from, as it is in one or more commits."""

    list_display = ("digest", "repository", "created_at")
    list_filter = ("repository",)
    list_select_related = ("repository",)
    search_fields = ("=digest",)
    ordering = ("-created_at",)
