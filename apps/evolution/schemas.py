"""What the API of the evolution track takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema


class AnalyseIn(Schema):
    """A commit of a registered repository."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])
    sha: str | None = Field(None, description="Full id of the commit; by default the newest of the default branch.")


class SuggestIn(Schema):
    """The snapshot to improve."""

    snapshot: str = Field(description="Id of a snapshot.", examples=["snap_6f1f4b9e-8c7d-4a77-9a1c-0c1f5d0f4a11"])


class MigrateIn(Schema):
    """The plan to rehearse."""

    plan: str = Field(description="Id of a plan.", examples=["plan_6f1f4b9e-8c7d-4a77-9a1c-0c1f5d0f4a11"])
    dry_run: bool = Field(
        description="True. Migrations themselves are carried out by people, through specifications.", examples=[True]
    )


class PlanOut(Schema):
    """A way to an architecture without import cycles; ``benefits.dry_run`` is there once it was rehearsed."""

    id: str = Field(examples=["plan_6f1f4b9e-8c7d-4a77-9a1c-0c1f5d0f4a11"])
    current_snapshot: str
    target_architecture: dict[str, Any]
    migration_steps: list[dict[str, Any]]
    estimated_effort_hours: int
    risk_score: float
    benefits: dict[str, Any]
    status: str = Field(examples=["suggested"], description="suggested, ready, done or stale")
    created_at: datetime
