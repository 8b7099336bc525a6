"""What decisions of people say about candidates, and how that moved what is known of their models."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.models.candidates import Candidate
from apps.generation.models.runs import GenerationRun


class Judgement(models.Model):
    """What is known of one candidate since people decided about its request."""

    class Cause(models.TextChoices):
        APPROVED = "approved", "Approved"
        ALIKE = "alike", "Behaves as the approved one"
        DIFFERS = "differs", "Differs from the approved one"
        REJECTED = "rejected", "Rejected"
        FAILS = "fails", "Fails an example"
        UNPARSABLE = "unparsable", "Cannot be parsed"
        TESTS_FAILED = "tests_failed", "Fails the repository's tests"
        REVERTED = "reverted", "Merged and taken back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(GenerationRun, on_delete=models.PROTECT, related_name="judgements")
    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="judgement")
    model_id = models.CharField(max_length=120, help_text="Whose answer it is, as the provider calls its model.")
    family = models.CharField(max_length=40, help_text="What the task is about.")
    right = models.FloatField(help_text="How likely it is right, from 0 to 1.")
    cause = models.CharField(max_length=12, choices=Cause)
    behaviour = models.CharField(
        max_length=8, blank=True, default="", help_text="Equal within a request for candidates that did the same."
    )
    is_choice = models.BooleanField(default=False, help_text="Whether the models' vote had chosen it.")
    figures = models.JSONField(null=True, help_text="What stood behind the vote's choice.")
    judged_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(right__gte=0, right__lte=1), name="generation_judgement_right_share"),
        ]
        indexes = [
            # What is known of a model in a family.
            models.Index(fields=["model_id", "family"], name="generation_judgement_model"),
            # The list of judgements in the API, newest first.
            models.Index(fields=["-judged_at", "id"], name="generation_judgement_newest"),
            # What probabilities are learned from: the newest choices of the vote that were judged.
            models.Index(fields=["-judged_at"], name="generation_judgement_choice", condition=Q(is_choice=True)),
        ]

    def __str__(self) -> str:
        return f"{self.model_id}: {self.get_cause_display().lower()}"


class ExpertiseChange(models.Model):
    """
    How a decision about a request, or what became of it, moved what is known of a model in a family of tasks.

    Shares are from 0 to 1.
    """

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        TESTS_FAILED = "failed", "Tests failed"
        REVERTED = "reverted", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(GenerationRun, on_delete=models.PROTECT, related_name="expertise_changes")
    verdict = models.CharField(max_length=8, choices=Verdict)
    model_id = models.CharField(max_length=120)
    family = models.CharField(max_length=40)
    answers = models.FloatField(help_text="Answers in this family that were judged, with those of this request.")
    before_mean = models.FloatField()
    before_low = models.FloatField()
    before_high = models.FloatField()
    mean = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    changed_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "verdict", "model_id", "family"], name="generation_change_once"),
        ]
        indexes = [
            # The list of changes, on the page and in the API, newest first.
            models.Index(fields=["-changed_at", "id"], name="generation_change_newest"),
            # One model's course in a family.
            models.Index(fields=["model_id", "family", "changed_at"], name="generation_change_course"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} in {self.family}: {self.before_mean:.2f} to {self.mean:.2f}"
