"""Which patterns of the library stand in which candidate."""

from __future__ import annotations

import uuid

from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.candidates import Candidate
from apps.generation.models.requests import CodeGenerationRequest


class PatternUse(models.Model):
    """
    A pattern of the library in a candidate, and how it came there. What became of it is what became of the candidate.

    A pattern stands in code when a definition has its structure, whatever the names are.
    """

    class How(models.TextChoices):
        PROVIDER = "provider", "Answered from the library"
        CONTEXT = "context", "Shown to a model, which wrote it"
        OWN = "own", "Written without being shown"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CodeGenerationRequest, on_delete=models.PROTECT, related_name="pattern_uses")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="pattern_uses")
    pattern = models.SlugField(max_length=120)
    how = models.CharField(max_length=8, choices=How)
    found_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "pattern"], name="generation_patternuse_once"),
        ]
        indexes = [
            # The newest, in the admin site and in the API.
            models.Index(fields=["-found_at", "id"], name="generation_use_newest"),
            # The uses of one pattern.
            models.Index(fields=["pattern", "request"], name="generation_use_pattern"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} in {self.candidate_id}"
