"""Architecture snapshots and plans as API resources."""

from __future__ import annotations

from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource
from apps.evolution.types import ANALYSIS_SUBJECT
from apps.governance.rest import Resource
from apps.governance.subjects import subject_register
from apps.repositories.selectors import repository_ids, revisions_in

subject_register(ANALYSIS_SUBJECT, places=repository_ids, readable=revisions_in)


class SnapshotResource(Resource):
    """The import graph of one commit and what was measured on it."""

    noun = "snapshots"
    prefix = "snap"
    model = ArchitectureSnapshot
    permit = "architecture:read"
    columns = {
        "id": "pk",
        "revision": "source__revision",
        "snapshot_date": "",
        "architecture_graph": "",
        "complexity_metrics": "",
        "pattern_analysis": "",
        "improvement_opportunities": "",
        "created_at": "",
    }
    references = {"revision": "rev"}
    joins = ("source",)
    filters = ("revision", "snapshot_date")
    place_path = "source__revision__repository"
    places = staticmethod(repository_ids)


class SnapshotSourceResource(Resource):
    """Which commit a snapshot was taken of."""

    noun = "snapshot-sources"
    prefix = "snapsource"
    model = SnapshotSource
    permit = "architecture:read"
    columns = {"id": "pk", "snapshot": "", "revision": ""}
    references = {"snapshot": "snap", "revision": "rev"}
    filters = ("snapshot", "revision")
    newest = None
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class PlanResource(Resource):
    """A way from a snapshot to a better architecture."""

    noun = "plans"
    prefix = "plan"
    model = ArchitectureEvolutionPlan
    permit = "architecture:read"
    columns = {
        "id": "pk",
        "current_snapshot": "",
        "target_architecture": "",
        "migration_steps": "",
        "estimated_effort_hours": "",
        "risk_score": "",
        "benefits": "",
        "status": "",
        "created_at": "",
    }
    references = {"current_snapshot": "snap"}
    filters = ("current_snapshot", "status")
    place_path = "current_snapshot__source__revision__repository"
    places = staticmethod(repository_ids)
