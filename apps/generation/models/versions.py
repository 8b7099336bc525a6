"""The text of a draft as it was."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.models.runs import SpecificationDraft
from apps.generation.types import Kept


class DraftVersion(models.Model):
    """What a draft said before it said something else. It is never shown to a model."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(SpecificationDraft, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="From 1, in the order in which they were kept.")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="draft_versions")
    title = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField(blank=True, default="")
    reason = models.CharField(max_length=12, choices=[(one.value, one.label) for one in Kept])
    written_at = models.DateTimeField(help_text="When this text was saved last.")
    kept_at = models.DateTimeField(db_default=transaction_time(), help_text="When it was about to change.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="generation_draftversion_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="generation_draftversion_number_from_one"),
            models.CheckConstraint(condition=~Q(title="", text=""), name="generation_draftversion_says_something"),
        ]
        indexes = [
            # A person's versions, newest first, in the API.
            models.Index(fields=["written_by", "-kept_at", "id"], name="generation_draftversion_author"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"
