"""From a draft to what became of a request, stage by stage."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.requests import CodeGenerationRequest
from apps.governance.models import ApprovalPolicyVersion
from apps.jobs.models import Job
from apps.repositories.models import Repository


class SpecificationDraft(models.Model):
    """A specification while it is being written. Saved as it is typed; ``version`` guards against lost updates."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="specification_drafts")
    repository = models.ForeignKey(Repository, null=True, blank=True, on_delete=models.PROTECT, related_name="drafts")
    title = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField(blank=True, default="")
    target_path = models.CharField(max_length=400, blank=True, default="")
    source = models.ForeignKey(
        "generation.GenerationRun",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The request that it began as a copy of.",
    )
    put_aside = models.JSONField(default=list, blank=True, help_text="Keys of findings that its author put aside.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=transaction_time())
    updated_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # A person's drafts, newest first.
            models.Index(fields=["author", "-updated_at"], name="generation_draft_author"),
        ]

    def __str__(self) -> str:
        return self.title or "Untitled specification"


class GenerationRun(models.Model):
    """What a request is about and how far it is: everything about it that PHASE5's table has no column for."""

    class RiskTier(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    request = models.OneToOneField(
        CodeGenerationRequest, primary_key=True, on_delete=models.PROTECT, related_name="run"
    )
    draft = models.ForeignKey(SpecificationDraft, null=True, on_delete=models.PROTECT, related_name="runs")
    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="runs")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generation_runs")
    title = models.CharField(max_length=200)
    target_path = models.CharField(max_length=400, help_text="File in the repository that the code goes to.")
    base_sha = models.CharField(max_length=64)
    entry = models.CharField(max_length=200, blank=True, default="", help_text="Function or class to write.")
    analysis = models.JSONField(default=dict)
    risk_tier = models.CharField(max_length=8, choices=RiskTier)
    approval_policy = models.ForeignKey(
        ApprovalPolicyVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that decides it; empty for the built-in policy of its risk.",
    )
    specification_digest = models.CharField(max_length=64)
    context_digest = models.CharField(max_length=64)
    embedding_model = models.CharField(max_length=80, blank=True, default="")
    embedding_dimensions = models.PositiveSmallIntegerField(null=True)
    seed = models.BigIntegerField()
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    failure = models.TextField(blank=True, default="")
    remedy = models.TextField(blank=True, default="")
    review_digest = models.CharField(max_length=64, blank=True, default="", help_text="SHA-256 of what reviewers see.")
    state_changed_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # The requests of one repository.
            models.Index(fields=["repository", "state_changed_at"], name="generation_run_repository"),
        ]
        constraints = [
            # A draft pressed twice, or in two tabs, makes one request.
            models.UniqueConstraint(
                fields=["draft", "repository", "specification_digest"], name="generation_run_once_per_draft"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StageRecord(models.Model):
    """When a run entered and left a stage, with what that stage found."""

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=16)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    evidence_count = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "stage"], name="generation_stagerecord_once"),
        ]

    def __str__(self) -> str:
        return self.stage


class Contribution(models.Model):
    """A person's hand in a request. Whoever contributed never approves it."""

    class Kind(models.TextChoices):
        REQUESTER = "requester", "Requester"
        CO_AUTHOR = "co_author", "Specification co-author"
        GUIDANCE = "guidance", "Guidance editor"
        CANDIDATE_EDIT = "candidate_edit", "Candidate editor"

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="contributions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "user", "kind"], name="generation_contribution_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"
