"""Reads for the architecture page and the API. Whoever may read a repository may read its architecture."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot
from apps.evolution.types import ANALYSIS_JOB, ANALYSIS_SUBJECT
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.jobs.selectors import JobStatus, job_status_latest
from apps.repositories.models import Repository


def snapshots_of(repository: Repository) -> QuerySet[ArchitectureSnapshot]:
    """Return the snapshots of a repository the caller may read, newest first, with their commits."""
    return (
        ArchitectureSnapshot.objects.filter(source__revision__repository=repository)
        .select_related("source__revision")
        .order_by("-created_at", "id")
    )


def analysis_latest(*, repository: Repository, user: User) -> JobStatus | None:
    """Return the newest analysis in a repository the caller may read, if there was one."""
    revisions = repository.revisions.values("pk")
    return job_status_latest(kind=ANALYSIS_JOB, subject_kind=ANALYSIS_SUBJECT, subject_ids=revisions, user=user)


def snapshot_get(*, user: User, snapshot_id: UUID) -> ArchitectureSnapshot:
    """
    Return one snapshot, with its repository.

    :raises NotFound: there is none that *user* may read.
    """
    found = (
        ArchitectureSnapshot.objects.filter(
            pk=snapshot_id, source__revision__repository__scope__in=readable_scopes(user)
        )
        .select_related("source__revision__repository__scope")
        .first()
    )
    if found is None:
        raise NotFound("There is no such snapshot.")
    return found


def plan_get(*, user: User, plan_id: UUID) -> ArchitectureEvolutionPlan:
    """
    Return one plan, with its repository.

    :raises NotFound: there is none that *user* may read.
    """
    found = (
        ArchitectureEvolutionPlan.objects.filter(
            pk=plan_id, current_snapshot__source__revision__repository__scope__in=readable_scopes(user)
        )
        .select_related("current_snapshot__source__revision__repository__scope")
        .first()
    )
    if found is None:
        raise NotFound("There is no such plan.")
    return found


def opportunities_known(repository: Repository) -> list[dict[str, Any]]:
    """Return what the newest snapshot of a repository says could be better; empty where there is none."""
    newest = snapshots_of(repository).values_list("improvement_opportunities", flat=True).first()
    return list(newest or [])


def plans_of(repository: Repository) -> QuerySet[ArchitectureEvolutionPlan]:
    """Return the plans of a repository the caller may read, newest first, with the commits they were made for."""
    return (
        ArchitectureEvolutionPlan.objects.filter(current_snapshot__source__revision__repository=repository)
        .select_related("current_snapshot__source__revision")
        .order_by("-created_at", "id")
    )
