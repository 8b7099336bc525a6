"""Track C's architecture tables: PHASE5's two, column for column, and what ties them to a commit."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.schema import created_at, score, uuid_key
from apps.repositories.models import Revision


class ArchitectureSnapshot(models.Model):
    """The import graph of one commit and what was measured on it."""

    id = uuid_key()
    snapshot_date = models.DateField()
    architecture_graph = models.JSONField()
    complexity_metrics = models.JSONField(null=True)
    pattern_analysis = models.JSONField(null=True)
    improvement_opportunities = ArrayField(models.JSONField(), null=True)
    created_at = created_at()

    class Meta:
        db_table = "architecture_snapshots"
        indexes = [
            # The snapshot list, newest first.
            models.Index(fields=["-created_at", "id"], name="evolution_snapshot_newest"),
        ]

    def __str__(self) -> str:
        return f"snapshot of {self.snapshot_date}"


class ArchitectureEvolutionPlan(models.Model):
    """A way from a snapshot to a better architecture."""

    id = uuid_key()
    current_snapshot = models.ForeignKey(
        ArchitectureSnapshot,
        null=True,
        on_delete=models.PROTECT,
        related_name="plans",
        db_column="current_snapshot_id",
    )
    target_architecture = models.JSONField()
    migration_steps = ArrayField(models.JSONField())
    estimated_effort_hours = models.IntegerField(null=True)
    risk_score = score()
    benefits = models.JSONField(null=True)
    status = models.TextField()
    created_at = created_at()

    class Meta:
        db_table = "architecture_evolution_plans"
        indexes = [
            # The plan list, newest first.
            models.Index(fields=["-created_at", "id"], name="evolution_plan_newest"),
        ]

    def __str__(self) -> str:
        return f"plan {self.status}"


class SnapshotSource(models.Model):
    """Which commit a snapshot was taken of."""

    snapshot = models.OneToOneField(
        ArchitectureSnapshot, primary_key=True, on_delete=models.CASCADE, related_name="source"
    )
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.revision)
