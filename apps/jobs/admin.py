"""The ledger in the admin site, with a way to stop what runs, and what people and other systems were told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_q.admin  # noqa: F401  it registers its own when it is first imported
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import NofxError
from apps.governance.callers import current_user
from apps.jobs.models import (
    FeedPosition,
    Job,
    JobEvent,
    Notification,
    NotificationChoice,
    NotificationMute,
    QueueBeat,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from apps.jobs.registry import job_kinds
from apps.jobs.services import job_cancel

# What carries jobs is no place to look for them: the ledger below has each with its state and its reason, the status
# page says how the queue is. These pages would send tasks anew, or call any function, past services and audit chain.
for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.action(description="Stop the chosen jobs", permissions=["view"])
def stop(admin_site: ReadOnlyAdmin, request: HttpRequest, jobs: QuerySet[Job]) -> None:
    """Ask for each chosen job to stop, under the rules that hold on its page."""
    for job in jobs:
        try:
            job_cancel(job_id=job.pk, actor=current_user(request))
        except NofxError as error:
            admin_site.message_user(request, f"{job.kind}: {error}", messages.WARNING)


class KindFilter(admin.SimpleListFilter):
    """The kinds that are installed; the table, which may be long, is not asked for them."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in job_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class StepFilter(admin.AllValuesFieldListFilter):
    """The steps that there are, in words."""

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for one in super().choices(changelist):
            yield {**one, "display": str(one["display"]).replace("_", " ")}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, newest first."""

    list_display = ("kind", "state", "subject_kind", "subject_id", "attempts", "requested_by", "created_at")
    list_filter = ("state", KindFilter)
    search_fields = ("=id", "=subject_id")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    list_select_related = ("requested_by",)
    show_full_result_count = False
    actions = (stop,)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    """Steps of jobs, newest first."""

    list_display = ("job", "sequence", "step", "created_at")
    list_filter = (("stage", StepFilter),)
    search_fields = ("=job__id",)
    ordering = ("-id",)
    list_select_related = ("job",)
    show_full_result_count = False

    @admin.display(ordering="stage")
    def step(self, event: JobEvent) -> str:
        """What was done, as its job's page says it."""
        return event.step


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What people were told, newest first."""

    list_display = ("title", "recipient", "kind", "scope", "news", "changed_at", "read_at", "mail_state")
    list_filter = ("kind", "mail_state")
    search_fields = ("=subject_id", "=recipient__username")
    ordering = ("-changed_at", "id")
    list_select_related = ("recipient", "scope__organisation")


@admin.register(NotificationChoice)
class NotificationChoiceAdmin(ReadOnlyAdmin):
    """When people want e-mail."""

    list_display = ("user", "kind", "mail")
    list_filter = ("kind", "mail")
    search_fields = ("=user__username",)
    ordering = ("-id",)
    list_select_related = ("user",)


@admin.register(NotificationMute)
class NotificationMuteAdmin(ReadOnlyAdmin):
    """What people hear nothing more about."""

    list_display = ("title", "user", "subject_kind", "subject_id", "created_at")
    search_fields = ("=subject_id", "=user__username")
    ordering = ("-id",)
    list_select_related = ("user",)


@admin.register(FeedPosition)
class FeedPositionAdmin(ReadOnlyAdmin):
    """How far the audit chain was told."""

    list_display = ("name", "sequence", "moved_at")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Webhooks; they are managed under Settings, Webhooks, where every change is audited."""

    list_display = ("name", "scope", "url", "is_enabled", "failing_since", "created_at")
    list_filter = ("is_enabled",)
    search_fields = ("=id", "name")
    ordering = ("-created_at", "id")
    list_select_related = ("scope__organisation",)


@admin.register(WebhookSecret)
class WebhookSecretAdmin(ReadOnlyAdmin):
    """That there are secrets; what they are is sealed."""

    list_display = ("endpoint", "slot", "hint", "created_at")
    search_fields = ("=endpoint__id",)
    ordering = ("-id",)
    exclude = ("sealed",)
    list_select_related = ("endpoint",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Messages, newest first."""

    list_display = ("id", "event", "endpoint", "state", "attempts", "created_at", "next_attempt_at")
    list_filter = ("state", "event")
    search_fields = ("=id", "=endpoint__id")
    ordering = ("-created_at", "id")
    list_select_related = ("endpoint",)


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    """Tries, newest first."""

    list_display = ("delivery", "number", "status", "problem", "started_at", "duration_ms")
    list_filter = ("status",)
    search_fields = ("=delivery__id",)
    ordering = ("-id",)
    list_select_related = ("delivery",)


@admin.register(QueueBeat)
class QueueBeatAdmin(ReadOnlyAdmin):
    """Processes of the queue."""

    list_display = ("name", "workers", "started_at", "beat_at")
    search_fields = ("name",)
    ordering = ("-beat_at", "id")
