"""Providers in the admin site: rows to edit, calls to read."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.governance.callers import current_user
from apps.governance.services import audit_record
from apps.providers.forms import ProviderForm
from apps.providers.models import Budget, ModelCall, Provider
from apps.providers.selectors import provider_health
from apps.providers.services.approvals import REAPPROVED


@admin.register(Provider)
class ProviderAdmin(admin.ModelAdmin):
    """Who is asked for candidates, and how."""

    form = ProviderForm
    list_display = ("name", "kind", "model_id", "is_enabled", "samples", "max_concurrency", "timeout_s", "health")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "model_id")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "model_id", "is_enabled")}),
        (
            "Endpoint",
            {
                "fields": ("base_url", "key_variable"),
                "description": "The address of a local model may stay empty: it is where the platform serves it.",
            },
        ),
        (
            "Asking",
            {
                "fields": (
                    "samples",
                    "further_samples",
                    "prompt_form",
                    "temperature",
                    "max_tokens",
                    "timeout_s",
                    "max_concurrency",
                    "calls_per_minute",
                    "prior",
                ),
                "description": "The first sample is a model's best guess; the temperature is for the others.",
            },
        ),
        (
            "Card",
            {
                "fields": ("data_policy", "task_classes", "retires_on"),
                "description": "What people read before they approve it. An endpoint is asked once another "
                "administrator than the one who registered it has approved it on the page of models. A change of "
                "where it is reached, or of its data policy, takes the approval back.",
            },
        ),
        (
            "Price",
            {
                "fields": ("prompt_price", "completion_price"),
                "description": "What a budget in money counts with. Local models cost nothing.",
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: Provider, form: ProviderForm, change: bool) -> None:
        """Save the row and write into the audit chain which of its fields changed."""
        actor = current_user(request)
        if not change or REAPPROVED.intersection(form.changed_data):
            obj.registered_by = actor
        super().save_model(request, obj, form, change)
        audit_record(
            action="provider.change" if change else "provider.add",
            object_kind="provider",
            object_id=obj.pk,
            actor=actor,
            detail={"name": obj.name, "fields": form.changed_data},
        )

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        """It is switched off; calls and candidates name it."""
        return False

    @admin.display(description="Health")
    def health(self, provider: Provider) -> str:
        """A sentence about whether it can be asked now."""
        return provider_health(provider).sentence


@admin.register(ModelCall)
class ModelCallAdmin(ReadOnlyAdmin):
    """Every call that was made, newest first. Written by the platform alone."""

    list_display = (
        "created_at", "provider", "model_id", "outcome", "subject_kind", "subject_id", "sample_index",
        "prompt_tokens", "completion_tokens", "cost", "counted_tokens", "counted_cost", "latency_ms",
    )  # fmt: skip
    list_filter = ("outcome", "provider")
    search_fields = ("=id", "=subject_id", "=prompt_digest", "=answer_digest", "model_id")
    search_help_text = "An id, the id of a subject, a digest, or part of a model's name."
    date_hierarchy = "created_at"
    ordering = ("-created_at", "id")
    list_select_related = ("provider",)


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin):
    """What calls may use at most. It is set by versions of a policy, which two people sign on the governance pages."""

    list_display = ("__str__", "scope", "period", "token_limit", "cost_limit", "allows_unknown_cost", "set_by")
    list_filter = ("period",)
    search_fields = ("=id", "scope__repository", "scope__organisation__name")
    ordering = ("-created_at", "id")
    list_select_related = ("scope__organisation", "set_by")
