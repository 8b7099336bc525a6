"""The ledger in the admin site: history to read, and a way to stop what runs."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import NofxError
from apps.governance.models import User
from apps.jobs.models import Job, JobEvent
from apps.jobs.services import job_cancel


@admin.action(description="Stop the chosen jobs", permissions=["view"])
def stop(admin_site: ReadOnlyAdmin, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    """Ask for each chosen job to stop, under the rules that hold on its page."""
    for job in jobs:
        try:
            job_cancel(job_id=job.pk, actor=cast("User", request.user))
        except NofxError as error:
            admin_site.message_user(request, f"{job.kind}: {error}", messages.WARNING)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, newest first."""

    list_display = ("kind", "state", "subject_kind", "subject_id", "attempts", "requested_by", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("=id", "=subject_id")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    list_select_related = ("requested_by",)
    show_full_result_count = False
    actions = (stop,)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    """Steps of jobs, newest first."""

    list_display = ("job", "sequence", "stage", "created_at")
    list_filter = ("stage",)
    search_fields = ("=job__id",)
    ordering = ("-id",)
    list_select_related = ("job",)
    show_full_result_count = False
