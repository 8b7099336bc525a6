"""What people decided and what was done, to read in the admin site."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.governance.callers import current_user
from apps.governance.models import ApprovalPolicyVersion, AuditEvent, Ballot, Override, PolicyVersion
from apps.governance.selectors.gates import KIND, gates_under_vote


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    """Verdicts, as they were given."""

    list_display = ("voter", "verdict", "subject_kind", "subject_id", "scope", "cast_at", "voided_at")
    list_filter = ("verdict", "subject_kind")
    list_select_related = ("voter", "scope__organisation")
    search_fields = ("voter__username", "=subject_id")
    ordering = ("-cast_at",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ballot]:
        """Leave out the ballots of open votes: nobody but the voter reads them, administrators included."""
        return (
            super()
            .get_queryset(request)
            .exclude(subject_kind=KIND, subject_id__in=gates_under_vote(current_user(request)).values("pk"))
        )


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """Overrides of failed checks, as they were signed."""

    list_display = ("check_name", "subject_kind", "subject_id", "asked_by", "confirmed_by", "ends_at", "withdrawn_at")
    list_filter = ("check_name", "subject_kind")
    list_select_related = ("asked_by", "confirmed_by")
    search_fields = ("asked_by__username", "=subject_id")
    ordering = ("-asked_at",)
    show_full_result_count = False


@admin.register(ApprovalPolicyVersion)
class ApprovalPolicyAdmin(ReadOnlyAdmin):
    """Versions of approval policies; they are proposed and published on the governance pages, by two people."""

    list_display = (
        "scope",
        "risk_tier",
        "number",
        "needed",
        "proposed_by",
        "proposed_at",
        "published_by",
        "published_at",
    )
    list_filter = ("risk_tier",)
    list_select_related = ("scope__organisation", "proposed_by", "published_by")
    search_fields = ("scope__repository", "=content_digest")
    ordering = ("-proposed_at",)
    show_full_result_count = False


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Versions of code rules, budgets and providers; proposed and published on the governance pages, by two people."""

    list_display = ("kind", "scope", "number", "proposed_by", "proposed_at", "published_by", "published_at")
    list_filter = ("kind",)
    list_select_related = ("scope__organisation", "proposed_by", "published_by")
    search_fields = ("scope__repository", "=content_digest")
    ordering = ("-proposed_at",)
    show_full_result_count = False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit chain."""

    list_display = ("sequence", "at", "actor_id", "actor_type", "action", "object_kind", "object_id", "outcome")
    list_filter = ("outcome", "actor_type")
    search_fields = ("=action", "=object_id", "=actor_id")
    ordering = ("-sequence",)
    show_full_result_count = False
