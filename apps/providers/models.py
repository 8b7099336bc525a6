"""Where answers come from, and every call that was made."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time


class Provider(models.Model):
    """A source of candidates: built in, a local model, or any OpenAI-compatible endpoint."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", "Built in"
        LOCAL = "local", "Local model"
        OPENAI = "openai", "OpenAI-compatible endpoint"

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
    temperature = models.DecimalField(max_digits=3, decimal_places=2, default="0.80")
    max_tokens = models.PositiveIntegerField(default=1200)
    timeout_s = models.PositiveSmallIntegerField(default=120)
    max_concurrency = models.PositiveSmallIntegerField(default=2)
    prior = models.DecimalField(
        max_digits=3, decimal_places=2, default="0.50", help_text="Share of right answers expected before any evidence."
    )
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="builtin") | ~Q(base_url="") | Q(kind="local"), name="providers_provider_has_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ModelCall(models.Model):
    """
    One call of a provider, written before it is made. Cost is empty when it is not known, never 0 for unknown.

    A call whose process died ends as abandoned. Asked again, it is another row with the same subject, provider and
    sample.
    """

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Failed"
        TIMEOUT = "timeout", "Timed out"
        CANCELLED = "cancelled", "Cancelled"
        ABANDONED = "abandoned", "Abandoned"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="calls")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    sample_index = models.PositiveSmallIntegerField()
    model_id = models.CharField(max_length=120)
    prompt_digest = models.CharField(max_length=64)
    answer_digest = models.CharField(max_length=64, blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.outcome}"

    @property
    def seconds(self) -> float | None:
        """How long the call took; None when nobody saw it end."""
        return None if self.latency_ms is None else self.latency_ms / 1000
