"""The generation track in the admin site: searchable, and read-only where history must not change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.generation import models
from apps.generation.selectors import BEFORE_DECISION
from apps.governance.selectors import display_name


@admin.register(models.CodeGenerationRequest)
class CodeGenerationRequestAdmin(ReadOnlyAdmin):
    list_display = ("title", "repository", "status", "author", "target_language", "created_at")
    list_filter = ("status", "target_language")
    list_select_related = ("run__repository", "run__requester")
    search_fields = ("=id", "run__title")
    exclude = ("specification_embedding",)

    @admin.display(ordering="run__title")
    def title(self, request: models.CodeGenerationRequest) -> str:
        """What it is called; one that nothing was asked for has its id."""
        return request.run.title if hasattr(request, "run") else str(request.pk)

    @admin.display(ordering="run__repository__name", empty_value="–")
    def repository(self, request: models.CodeGenerationRequest) -> str | None:
        """Where its code goes."""
        return request.run.repository.name if hasattr(request, "run") else None

    @admin.display(ordering="run__requester__username", empty_value="–")
    def author(self, request: models.CodeGenerationRequest) -> str | None:
        """Who asked for it."""
        return display_name(request.run.requester) if hasattr(request, "run") else None


@admin.register(models.GenerationRun)
class GenerationRunAdmin(ReadOnlyAdmin):
    list_display = ("title", "repository", "requester", "risk_tier", "state_changed_at")
    list_filter = ("risk_tier", "repository")
    list_select_related = ("repository", "requester")
    search_fields = ("title", "=request__id", "requester__username")


@admin.register(models.GeneratedCodeArtifact)
class GeneratedCodeArtifactAdmin(ReadOnlyAdmin):
    list_display = ("id", "code_type", "model_id", "quality_score", "security_score", "created_at")
    list_filter = ("code_type",)
    search_fields = ("=id", "model_id")


@admin.register(models.DirectArtifact)
class DirectArtifactAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "submitted_by", "created_at")
    list_filter = ("kind",)
    list_select_related = ("submitted_by",)
    search_fields = ("title", "=artifact__id", "submitted_by__username")


@admin.register(models.Candidate)
class CandidateAdmin(ReadOnlyAdmin):
    list_display = ("id", "model_id", "sample_index", "state", "cluster", "examples_passed", "examples_total")
    list_filter = ("state",)
    search_fields = ("=id", "model_id", "=request__id")


@admin.register(models.PatternUse)
class PatternUseAdmin(ReadOnlyAdmin):
    list_display = ("pattern", "how", "candidate", "found_at")
    list_filter = ("how",)
    list_select_related = ("candidate",)
    search_fields = ("pattern", "=request__id", "=candidate__id")


@admin.register(models.CodeGenerationConsensus)
class CodeGenerationConsensusAdmin(ReadOnlyAdmin):
    list_display = ("id", "consensus_score", "human_approved", "deployed_at")
    list_filter = ("human_approved",)
    search_fields = ("=id", "=request__id")


@admin.register(models.ObservedInput)
class ObservedInputAdmin(ReadOnlyAdmin):
    list_display = ("run", "position", "origin", "call", "expected")
    list_filter = ("origin",)
    list_select_related = ("run",)
    search_fields = ("run__title", "=run__request__id")


@admin.register(models.Guidance)
class GuidanceAdmin(ReadOnlyAdmin):
    list_display = ("run", "version", "given_by", "given_at")
    list_select_related = ("run", "given_by")
    search_fields = ("run__title", "=run__request__id", "given_by__username")


@admin.register(models.Watch)
class WatchAdmin(ReadOnlyAdmin):
    list_display = ("run", "user", "began_at")
    list_select_related = ("run", "user")
    search_fields = ("run__title", "=run__request__id", "user__username")


@admin.register(models.ReviewedContent)
class ReviewedContentAdmin(ReadOnlyAdmin):
    list_display = ("digest", "run", "kept_at")
    list_select_related = ("run",)
    search_fields = ("=digest", "run__title", "=run__request__id")
    exclude = ("candidate", "patch")


@admin.register(models.Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("run", "kind", "expected", "answered_by", "answered_at", "withdrawn_at")
    list_filter = ("kind",)
    list_select_related = ("run", "answered_by")
    search_fields = ("run__title", "=run__request__id", "answered_by__username")


@admin.register(models.Judgement)
class JudgementAdmin(ReadOnlyAdmin):
    list_display = ("run", "model_id", "family", "cause", "right", "judged_at")
    list_filter = ("cause", "family")
    list_select_related = ("run",)
    search_fields = ("run__title", "=run__request__id", "model_id")


@admin.register(models.ExpertiseChange)
class ExpertiseChangeAdmin(ReadOnlyAdmin):
    list_display = ("run", "model_id", "family", "verdict", "before_mean", "mean", "answers", "changed_at")
    list_filter = ("verdict", "family")
    list_select_related = ("run",)
    search_fields = ("run__title", "=run__request__id", "model_id")


@admin.register(models.CanarySetting)
class CanarySettingAdmin(ReadOnlyAdmin):
    list_display = ("repository", "percent", "set_by", "set_at")
    list_select_related = ("repository", "set_by")
    search_fields = ("repository__name",)


@admin.register(models.Canary)
class CanaryAdmin(ReadOnlyAdmin):
    list_display = ("request", "change", "mistake")
    list_select_related = ("request",)
    search_fields = ("=request__id", "change")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Canary]:
        """Leave out what somebody may still vote on."""
        rows: QuerySet[models.Canary] = super().get_queryset(request)
        return rows.exclude(request__status__in=BEFORE_DECISION)


@admin.register(models.ReviewCount)
class ReviewCountAdmin(ReadOnlyAdmin):
    list_display = ("repository", "month", "measure", "value", "reviews")
    list_filter = ("measure", "repository")
    list_select_related = ("repository",)
    search_fields = ("repository__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.ReviewCount]:
        """Leave out what waits for its group to be large enough: nobody is to watch it grow one by one."""
        rows: QuerySet[models.ReviewCount] = super().get_queryset(request)
        return rows.filter(month__isnull=False)


@admin.register(models.ViewedFile)
class ViewedFileAdmin(ReadOnlyAdmin):
    list_display = ("path", "request", "viewed_at")
    search_fields = ("path", "=request__id")
    exclude = ("reviewer", "candidate")


class Discussed(ReadOnlyAdmin):
    """What is said while somebody may still vote is read on the review page, by whom it cannot lead."""

    is_decided = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what is about a request that is not decided."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(**{f"{self.is_decided}__in": BEFORE_DECISION})


@admin.register(models.ReviewThread)
class ReviewThreadAdmin(Discussed):
    list_display = ("request", "path", "line", "author", "is_issue", "opened_at", "resolved_at")
    list_filter = ("is_issue",)
    list_select_related = ("request", "author")
    search_fields = ("path", "=request__id", "author__username")
    is_decided = "request__status"


@admin.register(models.ReviewComment)
class ReviewCommentAdmin(Discussed):
    list_display = ("thread", "author", "text", "written_at")
    list_select_related = ("thread", "author")
    search_fields = ("text", "=thread__request__id", "author__username")
    is_decided = "thread__request__status"


@admin.register(models.PullRequest)
class PullRequestAdmin(ReadOnlyAdmin):
    list_display = ("branch", "state", "is_pushed", "opened_at", "merged_by", "merged_at")
    list_filter = ("state", "is_pushed")
    list_select_related = ("merged_by",)
    search_fields = ("branch", "head_sha")


@admin.register(models.SpecificationDraft)
class SpecificationDraftAdmin(ReadOnlyAdmin):
    list_display = ("title", "author", "repository", "updated_at")
    list_select_related = ("author", "repository")
    search_fields = ("title", "author__username")


@admin.register(models.DraftAttachment)
class DraftAttachmentAdmin(ReadOnlyAdmin):
    list_display = ("name", "draft", "size", "digest", "added_at")
    list_select_related = ("draft",)
    search_fields = ("name", "=draft__id", "=digest")


@admin.register(models.DraftVersion)
class DraftVersionAdmin(ReadOnlyAdmin):
    list_display = ("title", "number", "written_by", "reason", "kept_at")
    list_select_related = ("written_by",)
    search_fields = ("title", "=draft__id", "written_by__username")


@admin.register(models.SpecificationReading)
class SpecificationReadingAdmin(ReadOnlyAdmin):
    list_display = ("title", "author", "model", "problem", "created_at", "finished_at")
    list_select_related = ("author",)
    search_fields = ("title", "author__username")


@admin.register(models.StageRecord)
class StageRecordAdmin(ReadOnlyAdmin):
    list_display = ("run", "stage", "started_at", "finished_at", "evidence_count")
    list_filter = ("stage",)
    list_select_related = ("run",)
    search_fields = ("run__title",)


@admin.register(models.Contribution)
class ContributionAdmin(ReadOnlyAdmin):
    list_display = ("run", "user", "kind")
    list_filter = ("kind",)
    list_select_related = ("run", "user")
    search_fields = ("run__title", "user__username")
