"""Candidates that are wrong on purpose, shown among others to see whether reviews find mistakes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.models.candidates import Candidate
from apps.generation.models.requests import CodeGenerationRequest, GeneratedCodeArtifact
from apps.repositories.models import Repository

MOST_PERCENT = 20
CANARY_AUTHOR = "nobody: wrong on purpose"


class CanarySetting(models.Model):
    """In how many of a repository's requests a candidate is shown that is wrong on purpose. Without a row: in none."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="canary_setting")
    percent = models.PositiveSmallIntegerField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(percent__lte=MOST_PERCENT), name="generation_canarysetting_share"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class Canary(models.Model):
    """
    A candidate that is wrong on purpose: what is up for approval, changed in one place.

    It is no :class:`Candidate` and has no artefact, so that nothing counts, chooses or delivers it: the keys of the
    consensus and of the pull request cannot name it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.OneToOneField(CodeGenerationRequest, on_delete=models.CASCADE, related_name="canary")
    patch = models.TextField()
    checks = models.JSONField(default=list)
    outcomes = models.JSONField(default=list)
    quality_score = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    examples_passed = models.PositiveIntegerField()
    examples_total = models.PositiveIntegerField()
    change = models.CharField(max_length=200, help_text="What was changed, as a sentence.")
    mistake = models.TextField(help_text="The input on which it is wrong, and what it does there, as a sentence.")
    is_disclosed = models.BooleanField(default=False, help_text="Somebody tried to choose it and was told what it is.")

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return self.change

    def as_candidate(self) -> Candidate:
        """Return it in the shape in which a page shows candidates. It is not stored and must never be saved."""
        return Candidate(
            id=self.pk,
            request_id=self.request_id,
            model_id=CANARY_AUTHOR,
            sample_index=0,
            ordinal=0,
            state=Candidate.State.EXECUTED,
            implementation=GeneratedCodeArtifact(quality_score=self.quality_score),
            patch=self.patch,
            checks=self.checks,
            outcomes=self.outcomes,
            examples_passed=self.examples_passed,
            examples_total=self.examples_total,
        )
