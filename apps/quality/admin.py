"""Quality in the admin site: to look things up. What was measured is history and is not edited."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    Defect,
    DefectReport,
    GeneratedTestSuite,
    MeasuredCode,
    MutationRun,
    ProposalBranch,
    QualityImprovement,
    Quarantine,
    SuiteOutcome,
    SuiteRun,
    SuiteTally,
    SuiteTest,
)


class HistoryAdmin(ReadOnlyAdmin):
    """Shows rows and their filters; adds, changes and removes nothing."""

    list_per_page = 50


@admin.register(MeasuredCode)
class MeasuredCodeAdmin(HistoryAdmin):
    list_display = ("path", "revision", "submitted_by", "created_at")
    list_filter = ("revision__repository", "created_at")
    list_select_related = ("revision__repository", "submitted_by")
    search_fields = ("=id", "path", "=digest", "revision__sha")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(AiCodeReview)
class AiCodeReviewAdmin(HistoryAdmin):
    list_display = ("id", "review_type", "quality_score", "review_model", "created_at")
    list_filter = ("review_type", "created_at")
    search_fields = ("=id", "=code_artifact_id", "review_model")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(GeneratedTestSuite)
class GeneratedTestSuiteAdmin(HistoryAdmin):
    list_display = ("id", "test_type", "coverage_achieved", "edge_cases_found", "created_at")
    list_filter = ("test_type", "created_at")
    search_fields = ("=id", "=target_code_id", "test_code")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(QualityImprovement)
class QualityImprovementAdmin(HistoryAdmin):
    list_display = ("id", "improvement_type", "improvement_percentage", "applied_at")
    list_filter = ("improvement_type", ("applied_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=original_code_id")
    ordering = ("improvement_type", "id")


@admin.register(ProposalBranch)
class ProposalBranchAdmin(HistoryAdmin):
    list_display = ("branch", "base", "is_pushed", "applied_by", "created_at")
    list_filter = ("is_pushed", "base__repository", "created_at")
    list_select_related = ("base__repository", "applied_by")
    search_fields = ("branch", "head_sha", "base__repository__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(CoverageReport)
class CoverageReportAdmin(HistoryAdmin):
    list_display = ("revision", "source", "is_complete", "line_percent", "branch_percent", "tests_run", "created_at")
    list_filter = ("source", "is_complete", "revision__repository", "created_at")
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha", "revision__repository__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(DebtAssessment)
class DebtAssessmentAdmin(HistoryAdmin):
    list_display = ("revision", "remediation_minutes", "created_at")
    list_filter = ("revision__repository", "created_at")
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha", "revision__repository__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(Defect)
class DefectAdmin(HistoryAdmin):
    list_display = ("key", "title", "repository", "origin", "is_withdrawn", "found_at", "created_at")
    list_filter = ("repository", "origin", "is_withdrawn", "found_at")
    list_select_related = ("repository",)
    search_fields = ("key", "title", "fix_sha")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(DefectReport)
class DefectReportAdmin(HistoryAdmin):
    list_display = ("repository", "defects", "sent_by", "created_at")
    list_filter = ("repository", "created_at")
    list_select_related = ("repository", "sent_by")
    search_fields = ("digest", "sent_by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(MutationRun)
class MutationRunAdmin(HistoryAdmin):
    list_display = ("code", "killed", "survived", "timed_out", "untried", "requested_by", "created_at")
    list_filter = ("code__revision__repository", "created_at")
    list_select_related = ("code", "requested_by")
    search_fields = ("=id", "code__path")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(SuiteRun)
class SuiteRunAdmin(HistoryAdmin):
    list_display = (
        "revision",
        "environment",
        "source",
        "passed",
        "failed",
        "skipped",
        "is_infrastructure",
        "created_at",
    )
    list_filter = ("source", "is_infrastructure", "revision__repository", "created_at")
    list_select_related = ("revision__repository",)
    search_fields = ("revision__sha", "environment", "revision__repository__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(SuiteTest)
class SuiteTestAdmin(HistoryAdmin):
    list_display = ("name", "repository", "created_at")
    list_filter = ("repository",)
    list_select_related = ("repository",)
    search_fields = ("name",)
    ordering = ("-created_at",)


@admin.register(SuiteOutcome)
class SuiteOutcomeAdmin(HistoryAdmin):
    list_display = ("test", "outcome", "seconds", "run")
    list_filter = ("outcome",)
    list_select_related = ("test", "run__revision__repository")
    search_fields = ("test__name",)
    ordering = ("-id",)


@admin.register(SuiteTally)
class SuiteTallyAdmin(HistoryAdmin):
    list_display = ("test", "revision", "environment", "passed", "failed", "skipped", "last_at")
    list_filter = ("repository",)
    list_select_related = ("test", "revision__repository")
    search_fields = ("test__name", "revision__sha")
    ordering = ("-last_at",)


@admin.register(Quarantine)
class QuarantineAdmin(HistoryAdmin):
    list_display = ("test", "owner", "ends_at", "lifted_at", "set_by", "created_at")
    list_filter = ("test__repository", "created_at")
    list_select_related = ("test", "owner", "set_by")
    search_fields = ("=id", "test__name", "owner__username")
    ordering = ("-created_at",)
