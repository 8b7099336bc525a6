"""Registered code: where it is, and the commits we have looked at."""

from __future__ import annotations

import uuid

from django.db import models

from apps.core.database import transaction_time
from apps.governance.models import Scope


class Repository(models.Model):
    """A git repository on a path this machine can read, with or without a remote."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.OneToOneField(Scope, on_delete=models.PROTECT, related_name="code")
    name = models.SlugField(max_length=120, unique=True)
    path = models.CharField(max_length=1000, unique=True)
    remote = models.CharField(max_length=120, blank=True, default="", help_text="Name of the remote pushed to, if any.")
    default_branch = models.CharField(max_length=200, default="main")
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """One commit that was looked at."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="revisions")
    sha = models.CharField(max_length=64)
    subject = models.CharField(max_length=400, blank=True, default="")
    committed_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "sha"], name="repositories_revision_once"),
        ]
        indexes = [
            # The list of commits in the API, newest first.
            models.Index(fields=["-committed_at", "id"], name="repositories_revision_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.repository.name}@{self.sha[:12]}"
