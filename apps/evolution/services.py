"""The door to writing: snapshots of an architecture, plans to improve it, and dry runs of plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from apps.checks.services import import_graph, is_test_path
from apps.checks.types import ImportGraph
from apps.core.clock import now
from apps.evolution.engine import dry_run, suggestions
from apps.evolution.engine.graph import Analysis, analyse, graph_json, graph_of, without
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource
from apps.evolution.types import ANALYSIS_JOB, ANALYSIS_SUBJECT, InputInvalid, NothingToSuggest
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import files_at, head_sha
from apps.repositories.services import revision_record
from apps.repositories.types import is_commit_id

SUGGESTED = "suggested"


@transaction.atomic
def analysis_start(*, repository: Repository, requested_by: User, sha: str | None = None) -> Job:
    """
    Ask for a snapshot of a commit, by default the newest of the default branch; see :func:`snapshot_take`.

    While one of the same commit is under way, that one is returned. The caller has decided that ``requested_by`` may
    ask.

    :raises InputInvalid: ``sha`` is no full commit id.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened, or has no such commit.
    """
    if sha is not None and not is_commit_id(sha):
        raise InputInvalid(f"{sha[:80]} is not the full id of a commit.", remedy="Give all 40 hexadecimal digits.")
    revision = revision_record(repository=repository, sha=sha or head_sha(repository))
    return job_enqueue(
        kind=ANALYSIS_JOB, subject_kind=ANALYSIS_SUBJECT, subject_id=revision.pk, requested_by=requested_by
    )


def snapshot_take(
    *,
    revision: Revision,
    actor: User | None,
    snapshot_id: UUID | None = None,
    before_save: Callable[[], None] = lambda: None,
) -> ArchitectureSnapshot:
    """
    Read the imports of a commit and store what they say.

    Takes about a second for a hundred modules; nothing is run. Asked again on the same day for the same commit, the
    answer is the snapshot that is there. A new one is stored as ``snapshot_id`` if given, so that a repetition writes
    it once; ``before_save`` is called before anything is written and may raise. The caller has decided that ``actor``
    may ask.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises CodeUnreadable: there is no Python package, or a file does not parse.
    """
    repository, today = revision.repository, now().date()
    known = ArchitectureSnapshot.objects.filter(
        Q(pk=snapshot_id) | Q(source__revision=revision, snapshot_date=today)
    ).first()
    if known is not None:
        return known
    analysis = analyse(_graph_at(repository, revision.sha))
    before_save()
    with transaction.atomic():
        snapshot, _ = ArchitectureSnapshot.objects.update_or_create(
            pk=snapshot_id or uuid4(), defaults={"snapshot_date": today, **_stored(analysis)}
        )
        SnapshotSource.objects.update_or_create(snapshot=snapshot, defaults={"revision": revision})
        audit_record(
            action="architecture.analyse",
            object_kind="snapshot",
            object_id=snapshot.pk,
            actor=actor,
            scope=repository.scope,
            detail={"sha": revision.sha},
        )
    snapshot.refresh_from_db()
    return snapshot


@transaction.atomic
def plan_suggest(*, snapshot: ArchitectureSnapshot, actor: User) -> ArchitectureEvolutionPlan:
    """
    Write the plan that leaves no import cycle: one step for each import to give up. A snapshot has one such plan.

    The caller has decided that ``actor`` may ask.

    :raises NothingToSuggest: the snapshot has no import cycle.
    """
    locked = ArchitectureSnapshot.objects.select_for_update().get(pk=snapshot.pk)
    known = locked.plans.order_by("created_at", "id").first()
    if known is not None:
        return known
    before = analyse(graph_of(locked.architecture_graph))
    steps = suggestions.steps(before, suggestions.opportunities(before))
    if not steps:
        raise NothingToSuggest(
            "The imports hold no cycle, so there is nothing to suggest.", remedy="Nothing needs to be done."
        )
    after = analyse(without(before.graph, {(step.importer, step.imported) for step in steps}))
    plan = ArchitectureEvolutionPlan.objects.create(
        current_snapshot=locked,
        target_architecture={
            "removed_imports": [[step.importer, step.imported] for step in steps],
            **_metrics(after),
        },
        migration_steps=[step.as_json() for step in steps],
        estimated_effort_hours=sum(step.estimate_hours for step in steps),
        risk_score=Decimal(f"{suggestions.risk_score(steps):.2f}"),
        benefits={
            "cycles_before": len(before.cycles),
            "cycles_after": len(after.cycles),
            "modules_in_cycles_before": _in_cycles(before),
            "modules_in_cycles_after": _in_cycles(after),
        },
        status=SUGGESTED,
    )
    audit_record(
        action="architecture.suggest",
        object_kind="plan",
        object_id=plan.pk,
        actor=actor,
        scope=locked.source.revision.repository.scope,
    )
    plan.refresh_from_db()
    return plan


def plan_dry_run(*, plan: ArchitectureEvolutionPlan, actor: User) -> ArchitectureEvolutionPlan:
    """
    Read the imports of the newest commit, take those of the plan's steps away in memory, and store what is left.

    The repository is not changed. The plan's status becomes ``ready`` (every import is still there and no cycle is
    left without them), ``done`` (none is there and no cycle is left) or ``stale`` (the code has moved on). The caller
    has decided that ``actor`` may ask.

    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises CodeUnreadable: there is no Python package any more, or a file does not parse.
    """
    repository = _repository_of(plan)
    revision = revision_record(repository=repository, sha=head_sha(repository))
    files = _python(repository, revision.sha)
    result = dry_run.rehearse(import_graph(files), plan.migration_steps, paths=list(files))
    with transaction.atomic():
        locked = ArchitectureEvolutionPlan.objects.select_for_update().get(pk=plan.pk)
        locked.status = result.status
        locked.benefits = {
            **(locked.benefits or {}),
            "dry_run": {"sha": revision.sha, "at": now().isoformat(), **result.as_json()},
        }
        locked.save(update_fields=["status", "benefits"])
        audit_record(
            action="architecture.dry_run",
            object_kind="plan",
            object_id=plan.pk,
            actor=actor,
            scope=repository.scope,
            detail={"sha": revision.sha, "status": result.status},
        )
    return locked


def _repository_of(plan: ArchitectureEvolutionPlan) -> Repository:
    source = SnapshotSource.objects.select_related("revision__repository__scope").get(snapshot=plan.current_snapshot_id)
    return source.revision.repository


def _graph_at(repository: Repository, sha: str) -> ImportGraph:
    return import_graph(_python(repository, sha))


def _python(repository: Repository, sha: str) -> Mapping[str, str]:
    contents = files_at(repository, sha)
    return {path: content.decode(errors="replace") for path, content in contents.items() if not is_test_path(path)}


def _stored(analysis: Analysis) -> dict[str, Any]:
    """Return what is stored of an analysis, by column."""
    return {
        "architecture_graph": graph_json(analysis.graph),
        "complexity_metrics": _metrics(analysis),
        "pattern_analysis": {
            "layers": [list(layer) for layer in analysis.layers],
            "cycles": [list(cycle) for cycle in analysis.cycles],
        },
        "improvement_opportunities": [found.as_json() for found in suggestions.opportunities(analysis)],
    }


def _in_cycles(analysis: Analysis) -> int:
    return sum(len(cycle) for cycle in analysis.cycles)


def _metrics(analysis: Analysis) -> dict[str, Any]:
    return {
        "modules": len(analysis.modules),
        "imports": len(analysis.graph.imports),
        "import_lines": sum(len(edge.lines) for edge in analysis.graph.imports),
        "density": None if analysis.density is None else round(analysis.density, 4),
        "layers": analysis.depth,
        "cycles": len(analysis.cycles),
        "modules_in_cycles": _in_cycles(analysis),
        "highest_fan_in": max((module.fan_in for module in analysis.modules), default=0),
        "highest_fan_out": max((module.fan_out for module in analysis.modules), default=0),
    }
