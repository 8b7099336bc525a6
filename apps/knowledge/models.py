"""What people decided about patterns: the policy of a repository, version by version."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.repositories.models import Repository


class RepositoryPolicy(models.Model):
    """
    One version of what a repository asks of code. The highest one counts; the database keeps each as it was written.

    ``content`` holds the rules as the engine stores them, ``content_digest`` is its SHA-256.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    content_digest = models.CharField(max_length=64)
    reason = models.TextField(help_text="Why it was changed.")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "repository policies"
        constraints = [
            models.UniqueConstraint(fields=["repository", "version"], name="knowledge_policy_version_once"),
            models.CheckConstraint(condition=Q(version__gt=0), name="knowledge_policy_version_from_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="knowledge_policy_has_reason"),
        ]
        indexes = [
            # The newest versions, in the admin site and in the API.
            models.Index(fields=["-written_at", "id"], name="knowledge_policy_newest"),
        ]

    def __str__(self) -> str:
        return f"policy of {self.repository}, version {self.version}"
