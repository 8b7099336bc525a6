"""Track C's documentation table: PHASE5's, column for column, and what ties a page to a commit."""

from __future__ import annotations

from django.db import models

from apps.core.database import transaction_time
from apps.core.schema import score, uuid_key
from apps.repositories.models import Repository, Revision


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


class DocumentationObservation(models.Model):
    """
    How a page stood to one commit: seen once, never changed.

    ``begun_at`` is when this came about: when the commit was made, or the page was written.
    """

    class State(models.TextChoices):
        IN_SYNC = "in_sync", "In sync"
        STALE = "stale", "Stale"
        BROKEN = "broken", "Broken"
        UNKNOWN = "unknown", "Unknown"

    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    artifact = models.ForeignKey(DocumentationArtifact, on_delete=models.PROTECT, related_name="observations")
    state = models.CharField(max_length=8, choices=State.choices)
    changes = models.PositiveIntegerField(help_text="Symbols that changed, are gone or are left out.")
    begun_at = models.DateTimeField()
    observed_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "artifact"], name="docs_observation_once"),
        ]
        indexes = [
            # The clock of a repository, in the order in which things came about.
            models.Index(fields=["repository", "begun_at", "id"], name="docs_observation_clock"),
            # The list of observations in the API, newest first.
            models.Index(fields=["-observed_at", "id"], name="docs_observation_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.state} at {self.revision}"


class DocumentationRelease(models.Model):
    """A release of a repository, by the tag that it had when the platform first saw it."""

    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    tagged_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="docs_release_once"),
        ]
        indexes = [
            # The list of releases in the API, newest first.
            models.Index(fields=["-seen_at", "id"], name="docs_release_newest"),
        ]

    def __str__(self) -> str:
        return self.name
