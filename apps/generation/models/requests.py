"""PHASE5's three tables of track A, column for column. Everything else stands beside them."""

from __future__ import annotations

from django.db import models
from pgvector.django import HnswIndex, VectorField

from apps.core.schema import created_at, score, uuid_key
from apps.generation.types import CodeType, RequestStatus


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
