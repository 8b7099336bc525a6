"""The policies of repositories, version by version, and the structures that were found to recur in their code."""

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


class MinedPattern(models.Model):
    """
    A structure that recurs in a repository, as it was last mined. It is used for nothing until a person proposes it.

    ``examples`` hold path, lines and function at the commit ``sha``, or the request whose approved code it is.
    ``is_current`` tells whether the last mining found it again.
    """

    class State(models.TextChoices):
        MINED = "mined", "Mined"
        PROPOSED = "proposed", "Proposed for the library"
        DECLINED = "declined", "Declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="mined_patterns")
    structure_digest = models.CharField(max_length=64)
    sha = models.CharField(max_length=64)
    template = models.TextField()
    parameters = models.JSONField(default=list)
    examples = models.JSONField(default=list)
    support = models.PositiveIntegerField(help_text="Distinct functions.")
    modules = models.PositiveIntegerField(help_text="Distinct files.")
    approved = models.PositiveIntegerField(default=0, help_text="Requests whose approved code has it.")
    nodes = models.PositiveIntegerField(help_text="Size of its syntax tree.")
    is_current = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State, default=State.MINED)
    name = models.CharField(max_length=120, blank=True, default="")
    reason = models.TextField(blank=True, default="", help_text="Why it was proposed or declined.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    mined_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "structure_digest"], name="knowledge_mined_once"),
            models.CheckConstraint(
                condition=Q(state="mined", decided_by__isnull=True)
                | ~Q(state="mined") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                name="knowledge_mined_decided_by_somebody",
            ),
        ]
        indexes = [
            # The newest, in the admin site and in the API.
            models.Index(fields=["-mined_at", "id"], name="knowledge_mined_newest"),
            # Those of one repository, most support first, on its page.
            models.Index(fields=["repository", "-support", "id"], name="knowledge_mined_support"),
        ]

    def __str__(self) -> str:
        return self.name or f"structure {self.structure_digest[:12]}"
