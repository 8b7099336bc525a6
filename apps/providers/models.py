"""Where answers come from, and every call that was made."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.governance.models import Scope


class Provider(models.Model):
    """A source of candidates: built in, a local model, or any OpenAI-compatible endpoint."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", "Built in"
        LOCAL = "local", "Local model"
        OPENAI = "openai", "OpenAI-compatible endpoint"

    class PromptForm(models.TextChoices):
        FULL = "full", "Code, tests and a note"
        BRIEF = "brief", "The code alone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    base_url = models.URLField(blank=True, default="", help_text="With its version, for example https://host/v1.")
    model_id = models.CharField(max_length=120)
    key_variable = models.CharField(
        max_length=80, blank=True, default="", help_text="Name of the environment variable that holds the key."
    )
    is_enabled = models.BooleanField(default=True)
    samples = models.PositiveSmallIntegerField(default=1, help_text="Candidates asked for in each request.")
    further_samples = models.PositiveSmallIntegerField(
        default=0, help_text="Further candidates, at most, where the first ones fail the examples or disagree."
    )
    prompt_form = models.CharField(
        max_length=5, choices=PromptForm, default=PromptForm.FULL, help_text="A small model does better in brief."
    )
    temperature = models.DecimalField(max_digits=3, decimal_places=2, default="0.80")
    max_tokens = models.PositiveIntegerField(default=1200)
    timeout_s = models.PositiveSmallIntegerField(default=120)
    max_concurrency = models.PositiveSmallIntegerField(default=2, help_text="Calls at once, of all workers together.")
    calls_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Calls begun in a minute, of all workers together. Empty: no limit.",
    )
    prior = models.DecimalField(
        max_digits=3, decimal_places=2, default="0.50", help_text="Share of right answers expected before any evidence."
    )
    prompt_price = models.DecimalField(
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="US dollars for a million tokens read. Empty: not known, which is not the same as 0.",
    )
    completion_price = models.DecimalField(
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="US dollars for a million tokens written. Empty: not known.",
    )
    data_policy = models.TextField(
        blank=True, default="", help_text="What becomes of what it is sent: kept how long, by whom, used for training."
    )
    task_classes = models.JSONField(
        blank=True, default=list, help_text="Classes of tasks it is asked for, as a list. Empty: all."
    )
    retires_on = models.DateField(null=True, blank=True, help_text="From this day on it is not asked any more.")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who registered it, or changed last where it is reached. Empty: the installation.",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="providers_provider_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(kind="builtin") | ~Q(base_url="") | Q(kind="local"), name="providers_provider_has_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def comes_with_the_installation(self) -> bool:
        """Whether the platform itself brings or serves it, so that it needs no approval of a person."""
        return self.kind == self.Kind.BUILTIN or (self.kind == self.Kind.LOCAL and not self.base_url)


class ModelCall(models.Model):
    """
    One call of a provider, written before it is made. Cost is empty when it is not known, never 0 for unknown.

    A call whose process died ends as abandoned. Asked again, it is another row with the same subject, provider and
    sample. ``counted_tokens`` and ``counted_cost`` are what counts against budgets: the most that the call may use
    while it is under way, what it used once that is known. A call that a budget refused is a row too; it was not made.
    """

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Failed"
        TIMEOUT = "timeout", "Timed out"
        CANCELLED = "cancelled", "Cancelled"
        ABANDONED = "abandoned", "Abandoned"
        REFUSED = "refused", "Refused by a budget"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="calls")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    scope = models.ForeignKey(
        Scope,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose budgets it counts against; empty where it belongs to no repository.",
    )
    sample_index = models.PositiveSmallIntegerField()
    model_id = models.CharField(max_length=120)
    prompt_digest = models.CharField(max_length=64)
    answer_digest = models.CharField(max_length=64, blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    counted_tokens = models.PositiveBigIntegerField(db_default=0)
    counted_cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    latency_ms = models.FloatField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # The calls behind one request: its cost ledger.
            models.Index(fields=["subject_kind", "subject_id"], name="providers_call_subject"),
            # The admin and API lists, newest first.
            models.Index(fields=["-created_at", "id"], name="providers_call_newest"),
            # What a provider is doing, and did in the last minute.
            models.Index(fields=["provider", "created_at"], name="providers_call_pace"),
            # What a repository has used in a month.
            models.Index(fields=["scope", "created_at"], name="providers_call_scope_month"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.outcome}"

    @property
    def seconds(self) -> float | None:
        """How long the call took; None when nobody saw it end."""
        return None if self.latency_ms is None else self.latency_ms / 1000


class Budget(models.Model):
    """
    What calls may use at most: those of one request, or of a calendar month (UTC), in tokens, in money or in both.

    It holds for a repository, for all repositories of an organisation, or, without a scope, for the whole platform.
    """

    class Period(models.TextChoices):
        REQUEST = "request", "Each request"
        MONTH = "month", "Each month"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(
        Scope,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="budgets",
        help_text="An organisation as a whole, or one repository. Empty: the whole platform.",
    )
    period = models.CharField(max_length=8, choices=Period)
    token_limit = models.PositiveBigIntegerField(null=True, blank=True, help_text="Empty: no limit in tokens.")
    cost_limit = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="US dollars. Empty: no limit in money."
    )
    allows_unknown_cost = models.BooleanField(
        default=False, help_text="Whether a call may be made under a limit in money although its cost is not known."
    )
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "period"],
                name="providers_budget_once",
                nulls_distinct=False,
                violation_error_message="There is a budget for this scope and period already; change that one.",
            ),
            models.CheckConstraint(
                condition=Q(token_limit__isnull=False) | Q(cost_limit__isnull=False),
                name="providers_budget_limits_something",
                violation_error_message="A budget limits tokens, money or both.",
            ),
            models.CheckConstraint(condition=Q(cost_limit__gte=0), name="providers_budget_cost_not_negative"),
        ]
        indexes = [
            # The list of budgets in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="providers_budget_newest"),
        ]

    def __str__(self) -> str:
        place = str(self.scope) if self.scope else "the platform"
        return f"{self.get_period_display()} of {place}"
