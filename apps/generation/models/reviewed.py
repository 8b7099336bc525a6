"""What people voted on, kept so that whoever votes again sees what changed."""

from __future__ import annotations

from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.candidates import Candidate
from apps.generation.models.runs import GenerationRun


class ReviewedContent(models.Model):
    """The patch that a digest of a verdict was about. It goes when the code of its candidate goes."""

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="reviewed")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was voted on.")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+")
    patch = models.TextField(help_text="As it was then, against the base commit; empty once it was deleted.")
    kept_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "digest"], name="generation_reviewedcontent_once"),
        ]

    def __str__(self) -> str:
        return self.digest[:12]
