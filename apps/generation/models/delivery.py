"""What leaves the platform: the branch of a request, and texts that were asked for at once."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.checks.types import NOT_JUDGED
from apps.core.database import transaction_time
from apps.generation.models.candidates import Candidate
from apps.generation.models.requests import CodeGenerationRequest, GeneratedCodeArtifact
from apps.repositories.models import Repository


class DirectArtifact(models.Model):
    """Whose an artefact without a request is: one person asked for it at once, and nobody else sees it."""

    class Kind(models.TextChoices):
        TESTS = "tests", "Tests"
        REFACTORING = "refactoring", "Refactoring"

    artifact = models.OneToOneField(
        GeneratedCodeArtifact, primary_key=True, on_delete=models.PROTECT, related_name="direct"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=200)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.TextField(help_text="What was sent: a specification, or the code before.")
    evidence = models.JSONField(default=dict, help_text="What shows that it holds: module, patch, fixes.")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # A person's artefacts without a request, newest first.
            models.Index(fields=["submitted_by", "-created_at"], name="generation_direct_submitter"),
        ]

    def __str__(self) -> str:
        return self.title


class PullRequestQuerySet(models.QuerySet["PullRequest"]):
    """Pull requests, narrowed."""

    def merged(self, *, repositories: models.QuerySet[Repository], start: datetime, end: datetime) -> Self:
        """Return those that were merged into *repositories* from *start*, inclusive, to *end*, exclusive."""
        return self.filter(
            state=PullRequest.State.MERGED,
            merged_at__gte=start,
            merged_at__lt=end,
            request__run__repository__in=repositories,
        )


class PullRequest(models.Model):
    """The branch that carries an approved candidate, its gate results, and its merge by a person."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MERGED = "merged", "Merged"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.OneToOneField(CodeGenerationRequest, on_delete=models.PROTECT, related_name="pull_request")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+")
    branch = models.CharField(max_length=200)
    base_sha = models.CharField(max_length=64)
    head_sha = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    gates = models.JSONField(default=list)
    is_pushed = models.BooleanField(default=False)
    push_error = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField(db_default=transaction_time())
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField(null=True)
    merge_sha = models.CharField(max_length=64, blank=True, default="")
    reverted_at = models.DateTimeField(null=True, help_text="When it was found that the merge was taken back.")
    revert_sha = models.CharField(max_length=64, blank=True, default="", help_text="The commit that took it back.")

    objects = PullRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(merged_by__isnull=False, merged_at__isnull=False) & ~Q(merge_sha=""),
                name="generation_pullrequest_merged_by_person",
            ),
            models.CheckConstraint(
                condition=Q(reverted_at__isnull=True, revert_sha="")
                | Q(reverted_at__isnull=False, state="merged") & ~Q(revert_sha=""),
                name="generation_pullrequest_reverted_by_commit",
            ),
        ]
        indexes = [
            # The list of pull requests in the API, newest first.
            models.Index(fields=["-opened_at", "id"], name="generation_pr_newest"),
        ]

    def __str__(self) -> str:
        return self.branch

    @property
    def failing_gates(self) -> list[str]:
        """The gates that stand in the way of a merge."""
        return [gate["gate"] for gate in self.gates if gate["status"] not in ("passed", *NOT_JUDGED)]
