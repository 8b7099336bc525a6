"""The architecture of one repository: its import graph, what could be better, and plans for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.checks.types import CodeUnreadable
from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.evolution.engine.graph import Analysis, graph_of
from apps.evolution.engine.graph import analyse as analysis_of
from apps.evolution.engine.picture import dot, picture, summary
from apps.evolution.gateways import graphviz
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot
from apps.evolution.selectors import analysis_latest, plan_get, plans_of, snapshot_get, snapshots_of
from apps.evolution.services import analysis_start, plan_dry_run, plan_suggest
from apps.evolution.types import NothingToSuggest
from apps.governance.http import current_user, require
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, repositories_readable, repository_first, repository_get
from apps.repositories.services import repository_seen
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

PAGE_SIZE = 100
NEWEST = 10
KINDS = {
    "drop_reexport": "drop a re-export",
    "import_submodule": "import from the neighbour",
    "invert_dependency": "turn the dependency around",
}
EXPECTED = (CodeUnreadable, NothingToSuggest, RepositoryEmpty, RepositoryUnavailable)


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    name = request.GET.get("repository")
    repository = repository_get(user=user, name=name) if name else repository_first(user=user, session=request.session)
    if repository is None:
        return render(request, "evolution/index.html", {"repository": None})
    repository_seen(session=request.session, repository=repository)
    job = analysis_latest(repository=repository, user=user)  # Before what it makes: a page that is behind stays live.
    snapshot = _chosen(request, repository)
    context = {
        "repository": repository,
        "repositories": list(repositories_readable(user=user)),
        "snapshot": snapshot,
        "snapshots": _part(request, snapshots_of(repository), "analyses"),
        "job": job,
        "can_analyse": can(user, Action.ARCHITECTURE_ANALYSE, repository.scope),
        "can_plan": can(user, Action.ARCHITECTURE_PLAN, repository.scope),
        **_freshness(repository, snapshot),
    }
    if snapshot is not None:
        context |= _shown(request, snapshot)
        plans = plans_of(repository)
        context["plans_part"] = _part(request, plans, "plans")
        context["plans"] = [_plan(plan) for plan in context["plans_part"]["page"]]
        context["is_planned"] = plans.filter(current_snapshot=snapshot).exists()
    return render_page(request, "evolution/index.html", context, fragment="evolution/_architecture.html")


@login_required
@require_POST
def analyse(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=request.POST.get("repository", ""))
    require(request, Action.ARCHITECTURE_ANALYSE, repository.scope)
    response = redirect_after(request, _url(repository))
    try:
        analysis_start(repository=repository, requested_by=user)
    except EXPECTED as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, "The analysis is under way.", level="info")


@login_required
@require_POST
def plan_new(request: HtmxRequest, snapshot_id: UUID) -> HttpResponse:
    user = current_user(request)
    snapshot = snapshot_get(user=user, snapshot_id=snapshot_id)
    repository = snapshot.source.revision.repository
    require(request, Action.ARCHITECTURE_ANALYSE, repository.scope)
    response = redirect_after(request, f"{_url(repository)}#plans")
    try:
        plan_suggest(snapshot=snapshot, actor=user)
    except EXPECTED as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, "The plan is below.")


@login_required
@require_POST
def dry_run(request: HtmxRequest, plan_id: UUID) -> HttpResponse:
    user = current_user(request)
    plan = plan_get(user=user, plan_id=plan_id)
    snapshot = plan.current_snapshot
    assert snapshot is not None  # noqa: S101  # plan_get finds plans by their snapshot's repository
    repository = snapshot.source.revision.repository
    require(request, Action.ARCHITECTURE_PLAN, repository.scope)
    response = redirect_after(request, f"{_url(repository)}#plans")
    try:
        plan_dry_run(plan=plan, actor=user)
    except EXPECTED as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, "The plan was rehearsed on the newest commit; nothing was changed.")


def _url(repository: Repository) -> str:
    return f"{reverse('evolution:index')}?{urlencode({'repository': repository.name})}"


def _chosen(request: HtmxRequest, repository: Repository) -> ArchitectureSnapshot | None:
    """
    Return the snapshot that the address names, or the newest.

    :raises NotFound: the repository has no such snapshot.
    """
    wanted = request.GET.get("snapshot")
    if not wanted:
        return snapshots_of(repository).first()
    try:
        found = snapshots_of(repository).filter(pk=UUID(wanted)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such snapshot.")
    return found


def _part(request: HtmxRequest, rows: QuerySet[Any], name: str) -> dict[str, Any]:
    """Return the part of a list that the parameter *name* asks for, and where the parts beside it are."""
    page = Paginator(rows, NEWEST).get_page(request.GET.get(name))

    def url(number: int) -> str:
        query = request.GET.copy()
        query[name] = str(number)
        return f"?{query.urlencode()}#{name}"

    return {
        "page": page,
        "previous_url": url(page.previous_page_number()) if page.has_previous() else "",
        "next_url": url(page.next_page_number()) if page.has_next() else "",
        "summary": f"{page.start_index()}–{page.end_index()} of {page.paginator.count}",
    }


def _freshness(repository: Repository, snapshot: ArchitectureSnapshot | None) -> dict[str, Any]:
    """Return whether the default branch has moved on since, or why that cannot be known."""
    try:
        head = head_sha(repository)
    except (RepositoryEmpty, RepositoryUnavailable) as problem:
        return {"problem": problem}
    return {"has_moved_on": snapshot is not None and snapshot.source.revision.sha != head, "head": head}


def _shown(request: HtmxRequest, snapshot: ArchitectureSnapshot) -> dict[str, Any]:
    analysis = analysis_of(graph_of(snapshot.architecture_graph))
    modules = sorted(analysis.modules, key=lambda module: (module.cycle is None, -module.fan_in, module.name))
    return {
        "analysis": analysis,
        "metrics": snapshot.complexity_metrics,
        "opportunities": snapshot.improvement_opportunities,
        "page": Paginator(modules, PAGE_SIZE).get_page(request.GET.get("page")),
        **_drawn(analysis),
    }


def _drawn(analysis: Analysis) -> dict[str, Any]:
    shown = picture(analysis)
    words = summary(analysis)
    context: dict[str, Any] = {
        "summary": words,
        "hidden": shown.hidden,
        "is_grouped": len(shown.boxes) < len(analysis.modules),
        "boxes": len(shown.boxes),
    }
    try:
        context["svg"] = graphviz.render(dot(shown), summary=words)
    except graphviz.DrawingFailed as error:
        context["drawing_problem"] = error
    return context


def _plan(plan: ArchitectureEvolutionPlan) -> dict[str, Any]:
    """Return a plan with each step beside what its dry run found."""
    rehearsed = (plan.benefits or {}).get("dry_run")
    results = {(step["importer"], step["imported"]): step for step in rehearsed["steps"]} if rehearsed else {}
    return {
        "row": plan,
        "sha": plan.current_snapshot.source.revision.sha if plan.current_snapshot else "",
        "look": "met" if plan.status in ("ready", "done") else plan.status,
        "dry_run": rehearsed,
        "steps": [
            step | {"kind": KINDS[step["migration_type"]], "result": results.get((step["importer"], step["imported"]))}
            for step in plan.migration_steps
        ],
    }
