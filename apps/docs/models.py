"""Track C's documentation table: PHASE5's, column for column, and what ties a page to a commit."""

from __future__ import annotations

from django.db import models

from apps.core.database import transaction_time
from apps.core.schema import score, uuid_key
from apps.repositories.models import Revision


class DocumentationArtifact(models.Model):
    """One generated page."""

    id = uuid_key()
    artifact_type = models.TextField()
    target_code_version = models.TextField()
    generated_content = models.TextField()
    format = models.TextField()
    quality_score = score()
    last_updated = models.DateTimeField(db_default=transaction_time(), null=True)

    class Meta:
        db_table = "documentation_artifacts"
        indexes = [
            # The page list, newest first.
            models.Index(fields=["-last_updated", "id"], name="docs_artifact_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.artifact_type} of {self.target_code_version}"


class DocumentationSource(models.Model):
    """Which commit a page was generated from, the symbols it describes, and what its last validation found."""

    artifact = models.OneToOneField(
        DocumentationArtifact, primary_key=True, on_delete=models.CASCADE, related_name="source"
    )
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    citations = models.JSONField(default=list)
    validation = models.JSONField(null=True)
    validated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.revision)
