"""What a language model was asked about a specification, and what it said."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.runs import SpecificationDraft
from apps.governance.models import Scope
from apps.jobs.models import Job


class SpecificationReading(models.Model):
    """One question to a model about a text as it was then; its findings change neither the text nor its score."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    draft = models.ForeignKey(SpecificationDraft, null=True, on_delete=models.SET_NULL, related_name="readings")
    scope = models.ForeignKey(
        Scope, null=True, on_delete=models.PROTECT, related_name="+", help_text="Whose budgets the call counts against."
    )
    title = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField()
    model = models.CharField(max_length=60, blank=True, default="", help_text="Name of the provider that was asked.")
    findings = models.JSONField(default=list)
    problem = models.TextField(blank=True, default="", help_text="Why there are no findings, as a sentence.")
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # A person's readings, newest first, in the API.
            models.Index(fields=["author", "-created_at", "id"], name="generation_reading_author"),
        ]

    def __str__(self) -> str:
        return self.title or "Untitled specification"
