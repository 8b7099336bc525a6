"""What was written for a request, what it was run on, and what people said that it must do."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.models.requests import CodeGenerationRequest, GeneratedCodeArtifact
from apps.generation.models.runs import GenerationRun
from apps.providers.models import Provider


class Candidate(models.Model):
    """One answer of one provider: its artefacts, what checks said of it and how it behaved when it was run."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        UNAVAILABLE = "unavailable", "No answer"
        UNPARSABLE = "unparsable", "Cannot be parsed"
        DUPLICATE = "duplicate", "Same code as another"
        WRITTEN = "written", "Written"
        CHECKED = "checked", "Checked"
        EXECUTED = "executed", "Executed"
        OUTDATED = "outdated", "Asked before the guidance"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CodeGenerationRequest, on_delete=models.PROTECT, related_name="candidates")
    provider = models.ForeignKey(
        Provider,
        null=True,
        on_delete=models.PROTECT,
        related_name="candidates",
        help_text="Empty for what the platform put together from other candidates.",
    )
    model_id = models.CharField(max_length=120)
    sample_index = models.PositiveSmallIntegerField()
    repairs = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="repaired_by",
        help_text="The failing candidate that its provider, or the platform, corrects here; empty for a fresh one.",
    )
    grafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whoever put it together by hand in review; empty for what models and the platform wrote.",
    )
    grafted_from = models.JSONField(
        default=dict, help_text="The candidate it began as, and by function the one that was taken from."
    )
    guided_by = models.PositiveSmallIntegerField(
        default=0, help_text="The version of the request's guidance that it was asked with; 0 before there was any."
    )
    ordinal = models.PositiveSmallIntegerField(help_text="Position in the request, from 0; not shown to reviewers.")
    state = models.CharField(max_length=12, choices=State, default=State.ASKED)
    reason = models.TextField(blank=True, default="", help_text="Why it went no further, as a sentence.")
    note = models.TextField(blank=True, default="", help_text="How it came about, as reviewers are told.")
    implementation = models.OneToOneField(
        GeneratedCodeArtifact, null=True, on_delete=models.PROTECT, related_name="candidate"
    )
    test = models.OneToOneField(GeneratedCodeArtifact, null=True, on_delete=models.PROTECT, related_name="+")
    documentation = models.OneToOneField(GeneratedCodeArtifact, null=True, on_delete=models.PROTECT, related_name="+")
    patch = models.TextField(blank=True, default="", help_text="One unified diff against the base commit.")
    patch_digest = models.CharField(max_length=64, blank=True, default="")
    normalised_digest = models.CharField(max_length=64, blank=True, default="")
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    checks = models.JSONField(default=list)
    outcomes = models.JSONField(default=list)
    examples_passed = models.PositiveIntegerField(null=True)
    examples_total = models.PositiveIntegerField(null=True)
    cluster = models.CharField(max_length=4, blank=True, default="")
    gates = models.JSONField(default=list, help_text="What is asked of it, and what was measured.")
    gates_basis = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of what the gates were measured on and against."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "provider", "sample_index"], name="generation_candidate_once_per_sample"
            ),
            models.UniqueConstraint(fields=["request", "ordinal"], name="generation_candidate_ordinal_once"),
            models.CheckConstraint(
                condition=~Q(state="duplicate") | Q(duplicate_of__isnull=False),
                name="generation_candidate_duplicate_names_original",
            ),
            models.CheckConstraint(
                condition=Q(grafted_by__isnull=True, grafted_from={})
                | Q(grafted_by__isnull=False, provider__isnull=True),
                name="generation_candidate_graft_has_its_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ordinal} of req_{self.request_id}"


class ObservedInput(models.Model):
    """An input that the candidates of a run were run on. Their outcomes stand in the order of ``position``."""

    class Origin(models.TextChoices):
        EXAMPLE = "example", "Example of the specification"
        GENERATED_TEST = "generated_test", "Call of a generated test"
        FUZZ = "fuzz", "Fuzzed"

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="inputs")
    position = models.PositiveSmallIntegerField()
    origin = models.CharField(max_length=16, choices=Origin)
    call = models.JSONField(help_text="Arguments, or the statements of a session.")
    expected = models.JSONField(null=True, help_text="What its author expects; empty where nobody does.")
    weight = models.FloatField(default=1.0)
    author = models.CharField(
        max_length=200, blank=True, default="", help_text="The model that wrote the test; empty for other inputs."
    )
    is_met = models.BooleanField(null=True, help_text="Whether what people approved meets the test; empty before.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="generation_observedinput_once"),
        ]
        indexes = [
            # How far the tests of an author are trusted.
            models.Index(
                fields=["author"],
                include=["is_met"],
                condition=Q(is_met__isnull=False),
                name="generation_input_judged",
            ),
        ]

    def __str__(self) -> str:
        return f"input {self.position}"


class Answer(models.Model):
    """What a person said the code must do on an input: one more example of the specification, until it is withdrawn."""

    class Kind(models.TextChoices):
        RETURNS = "returns", "Returns"
        RAISES = "raises", "Raises"
        ANY = "any", "Does not matter"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="answers")
    input = models.ForeignKey(ObservedInput, on_delete=models.CASCADE, related_name="answers")
    kind = models.CharField(max_length=8, choices=Kind)
    expected = models.JSONField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(db_default=transaction_time())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["input"], condition=Q(withdrawn_at__isnull=True), name="generation_answer_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(kind="any", expected__isnull=True) | ~Q(kind="any") & Q(expected__isnull=False),
                name="generation_answer_says_what",
            ),
        ]
        indexes = [
            # The list of answers in the API, newest first.
            models.Index(fields=["-answered_at", "id"], name="generation_answer_newest"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
