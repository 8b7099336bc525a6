"""
Track A's tables.

The first three are PHASE5's, column for column. Everything else the product needs stands beside them, joined one to
one or by reference.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from pgvector.django import HnswIndex, VectorField

from apps.core.database import transaction_time
from apps.core.schema import created_at, score, uuid_key
from apps.generation.types import CodeType, RequestStatus
from apps.jobs.models import Job
from apps.providers.models import Provider
from apps.repositories.models import Repository


class CodeGenerationRequest(models.Model):
    """A specification that was submitted, with the context it was frozen with."""

    Status = RequestStatus

    id = uuid_key()
    specification = models.TextField()
    specification_embedding = VectorField(dimensions=1536, null=True)
    context_snapshot = models.JSONField()
    target_language = models.TextField()
    constraints = models.JSONField(null=True)
    status = models.TextField(choices=[(one.value, one.label) for one in RequestStatus])
    created_at = created_at()

    class Meta:
        db_table = "code_generation_requests"
        indexes = [
            # Similar past requests, by cosine distance of the specification.
            HnswIndex(
                name="generation_request_embedding",
                fields=["specification_embedding"],
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
            ),
            # The request list, newest first.
            models.Index(fields=["-created_at", "id"], name="generation_request_newest"),
            # The requests in one state, newest first: what waits, runs and can be merged, on the home page.
            models.Index(fields=["status", "-created_at", "id"], name="generation_request_status"),
        ]

    def __str__(self) -> str:
        return f"req_{self.pk}"


class GeneratedCodeArtifact(models.Model):
    """One text that a model wrote: an implementation, its tests or its documentation."""

    CodeType = CodeType

    id = uuid_key()
    request = models.ForeignKey(
        CodeGenerationRequest, null=True, on_delete=models.PROTECT, related_name="artifacts", db_column="request_id"
    )
    model_id = models.TextField()
    code_type = models.TextField(choices=[(one.value, one.label) for one in CodeType])
    generated_code = models.TextField()
    quality_score = score()
    performance_metrics = models.JSONField(null=True)
    security_score = score()
    created_at = created_at()

    class Meta:
        db_table = "generated_code_artifacts"
        indexes = [
            # The artefact list, newest first.
            models.Index(fields=["-created_at", "id"], name="generation_artifact_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.code_type} by {self.model_id}"


class CodeGenerationConsensus(models.Model):
    """What the platform chose, why, and what people said to it."""

    id = uuid_key()
    request = models.ForeignKey(
        CodeGenerationRequest, null=True, on_delete=models.PROTECT, related_name="consensus", db_column="request_id"
    )
    selected_implementation = models.ForeignKey(
        GeneratedCodeArtifact,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_column="selected_implementation",
    )
    consensus_score = score()
    voting_details = models.JSONField(null=True)
    human_approved = models.BooleanField(null=True, db_default=None)
    deployed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "code_generation_consensus"
        verbose_name_plural = "code generation consensus"

    def __str__(self) -> str:
        return f"consensus of req_{self.request_id}"


class SpecificationDraft(models.Model):
    """A specification while it is being written. Saved as it is typed; ``version`` guards against lost updates."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="specification_drafts")
    repository = models.ForeignKey(Repository, null=True, blank=True, on_delete=models.PROTECT, related_name="drafts")
    title = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField(blank=True, default="")
    target_path = models.CharField(max_length=400, blank=True, default="")
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
    ordinal = models.PositiveSmallIntegerField(help_text="Position in the request, from 0; not shown to reviewers.")
    state = models.CharField(max_length=12, choices=State, default=State.ASKED)
    reason = models.TextField(blank=True, default="", help_text="Why it went no further, as a sentence.")
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="generation_observedinput_once"),
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

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(merged_by__isnull=False, merged_at__isnull=False) & ~Q(merge_sha=""),
                name="generation_pullrequest_merged_by_person",
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
        return [gate["gate"] for gate in self.gates if gate["status"] != "passed"]
