"""The verbs of architecture evolution: /api/evolution."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from apps.core.ids import format_id, parse_id
from apps.evolution import schemas
from apps.evolution.models import ArchitectureEvolutionPlan
from apps.evolution.selectors import plan_get, snapshot_get
from apps.evolution.services import analysis_start, plan_dry_run, plan_suggest
from apps.evolution.types import MigrationRefused
from apps.governance.http import PROBLEMS, access, current_user, require
from apps.governance.types import Action
from apps.jobs.http import JobOut, job_accepted
from apps.repositories.selectors import repository_get

router = Router(tags=["Evolution"])
WRITE = access("architecture:write")


@router.post(
    "/analyze",
    auth=WRITE,
    response={202: JobOut, **PROBLEMS},
    operation_id="analyze_architecture",
    summary="Analyse a repository's architecture",
)
def analyze_architecture(
    request: HttpRequest, response: HttpResponse, payload: schemas.AnalyseIn
) -> Status[dict[str, Any]]:
    """
    Read the imports between a repository's own modules in the background, and keep what they say: cycles, layers.

    Nothing is run. When the job has succeeded, its ``progress`` names the ``snapshot``. The same commit asked for again
    on the same day gives the same snapshot.
    """
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository)
    require(request, Action.ARCHITECTURE_ANALYSE, repository.scope)
    return job_accepted(response, analysis_start(repository=repository, requested_by=user, sha=payload.sha))


@router.post(
    "/suggest",
    auth=WRITE,
    response={201: schemas.PlanOut, **PROBLEMS},
    operation_id="suggest_evolution",
    summary="Suggest how to remove import cycles",
)
def suggest_evolution(request: HttpRequest, payload: schemas.SuggestIn) -> Status[dict[str, Any]]:
    """Write a plan of the cheapest imports found to give up, one step for each. A snapshot has one such plan."""
    user = current_user(request)
    snapshot = snapshot_get(user=user, snapshot_id=parse_id("snap", payload.snapshot))
    require(request, Action.ARCHITECTURE_ANALYSE, snapshot.source.revision.repository.scope)
    return Status(201, _plan(plan_suggest(snapshot=snapshot, actor=user)))


@router.post(
    "/migrate",
    auth=WRITE,
    response={200: schemas.PlanOut, **PROBLEMS},
    operation_id="migrate_architecture",
    summary="Rehearse a plan on today's code",
)
def migrate_architecture(request: HttpRequest, payload: schemas.MigrateIn) -> Status[dict[str, Any]]:
    """
    Take the plan's imports out of the graph of the newest commit, in memory, and keep what is left.

    The repository is never changed: ``dry_run`` must be true. Migrations are carried out by people, who write a
    specification for each step.
    """
    user = current_user(request)
    plan = plan_get(user=user, plan_id=parse_id("plan", payload.plan))
    snapshot = plan.current_snapshot
    assert snapshot is not None  # noqa: S101  # plan_get finds plans by their snapshot's repository
    require(request, Action.ARCHITECTURE_PLAN, snapshot.source.revision.repository.scope)
    if not payload.dry_run:
        raise MigrationRefused(
            "The platform does not migrate code by itself.",
            remedy="Rehearse the plan with dry_run, then write a specification for each step.",
        )
    return Status(200, _plan(plan_dry_run(plan=plan, actor=user)))


def _plan(plan: ArchitectureEvolutionPlan) -> dict[str, Any]:
    return {
        "id": format_id("plan", plan.pk),
        "current_snapshot": format_id("snap", plan.current_snapshot_id),
        "target_architecture": plan.target_architecture,
        "migration_steps": plan.migration_steps,
        "estimated_effort_hours": plan.estimated_effort_hours,
        "risk_score": plan.risk_score,
        "benefits": plan.benefits,
        "status": plan.status,
        "created_at": plan.created_at,
    }
