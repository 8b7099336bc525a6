"""What reviewers looked at."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.requests import CodeGenerationRequest


class ViewedFile(models.Model):
    """
    A reviewer says that they looked at one file of one candidate, as it read then.

    It counts for as long as the file has that digest: what changed is to be looked at again.
    """

    request = models.ForeignKey(CodeGenerationRequest, on_delete=models.CASCADE, related_name="viewed_files")
    # No foreign key: one that is wrong on purpose is ticked like any other and has no row among the candidates.
    candidate = models.UUIDField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=400)
    content_digest = models.CharField(max_length=64, help_text="SHA-256 of the file as the candidate leaves it.")
    viewed_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "reviewer", "path"], name="generation_viewedfile_once"),
        ]
        indexes = [
            # The list of one's own ticks in the API, newest first.
            models.Index(fields=["reviewer", "-viewed_at", "id"], name="generation_viewedfile_newest"),
        ]

    def __str__(self) -> str:
        return self.path
