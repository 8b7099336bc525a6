"""Quality of one repository: coverage, debt, reviews, generated tests, proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.downloads import table_download
from apps.governance.http import current_user, require
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.jobs.selectors import JobStatus
from apps.quality import exports
from apps.quality.charts import coverage_trend_chart
from apps.quality.debt_map import debt_pictured
from apps.quality.engine.coverage import blocks_text
from apps.quality.engine.treemap import Area
from apps.quality.models import QualityImprovement
from apps.quality.proposals import Proposal
from apps.quality.selectors import (
    branch_of,
    code_job_latest,
    code_of,
    coverage_trend,
    debt_latest,
    measurement_latest,
    proposal_get,
    proposal_job_latest,
    proposals_of,
    review_get,
    reviews_of,
    suite_get,
    suites_of,
)
from apps.quality.services import (
    history_measure,
    measurement_start,
    optimise_start,
    proposal_apply_start,
    proposal_discard_start,
    review_start,
    suite_start,
)
from apps.quality.types import (
    COVERAGE_JOB,
    DEBT_JOB,
    OPTIMISE_JOB,
    REVIEW_JOB,
    SUITE_JOB,
    DebtResult,
    file_debt,
)
from apps.quality.views.details import (
    patch_response,
    proposal_context,
    review_context,
    suite_context,
    unreported_note,
)
from apps.quality.views.files import REFUSALS, file_chosen, file_form, refused
from apps.quality.views.tabs import measurable, tab_page, trail
from apps.repositories.models import Repository
from apps.repositories.selectors import repository_first, repository_get
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

MEASURES = {"coverage": COVERAGE_JOB, "debt": DEBT_JOB}
PAGE_SIZE = 50
LARGEST = 20
# What is wrong with a repository before there is anything to measure.
UNMEASURABLE = (RepositoryEmpty, RepositoryUnavailable)


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    first = repository_first(user=current_user(request), session=request.session)
    if first is None:
        return render(request, "quality/index.html")
    return redirect("quality:coverage", name=first.name)


@login_required
@require_GET
def coverage(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    job = _measurement(request, repository, "coverage")
    trend = coverage_trend(repository)
    latest = trend.latest
    files = sorted(latest.files, key=lambda file: (-len(file["missing_lines"]), file["path"])) if latest else []
    context = {
        "job": job,
        "trend": trend,
        "report": latest,
        "chart": coverage_trend_chart(trend.reports) if latest else None,
        "files": [file | {"uncovered": blocks_text(file["missing_lines"])} for file in files],
        "statements": sum(file["statements"] for file in files),
        "branches": sum(file["branches"] for file in files),
        "failed_note": f"{latest.tests_failed} failed or could not start" if latest else "",
        "unreported_note": unreported_note(latest) if latest and latest.unreported else "",
    }
    return tab_page(request, repository, "coverage", context)


@login_required
@require_GET
def debt(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    job = _measurement(request, repository, "debt")
    assessment = debt_latest(repository)
    area: Area = "interest" if request.GET.get("area") == "interest" else "minutes"
    files = assessment.files if assessment else []
    context = {
        "job": job,
        "assessment": assessment,
        "result": DebtResult(tuple(file_debt(file) for file in files)),
        **debt_pictured(files, area, request.GET.get("folder", "")),
        "largest": [file for file in files if file["minutes"]][:LARGEST],
        "area": area,
    }
    return tab_page(request, repository, "debt", context)


@login_required
@require_GET
def reviews(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    job = _code_job(request, repository, REVIEW_JOB)
    page = Paginator(reviews_of(code_of(repository)), PAGE_SIZE).get_page(request.GET.get("page"))
    return tab_page(request, repository, "reviews", {"page": page, "job": job, **file_form(repository)})


@login_required
@require_GET
def suites(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    job = _code_job(request, repository, SUITE_JOB)
    page = Paginator(suites_of(code_of(repository)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "job": job, **file_form(repository)}
    return tab_page(request, repository, "tests", context)


@login_required
@require_GET
def proposals(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    job = _code_job(request, repository, OPTIMISE_JOB)
    page = Paginator(proposals_of(code_of(repository)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [Proposal(row) for row in page], "job": job, **file_form(repository)}
    return tab_page(request, repository, "proposals", context)


@login_required
@require_GET
def review_detail(request: HtmxRequest, name: str, review_id: UUID) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    review = review_get(code=code_of(repository), review_id=review_id)
    context = {**review_context(review), "trail": trail(repository, "reviews")}
    return render(request, "quality/review_detail.html", context)


@login_required
@require_GET
def suite_detail(request: HtmxRequest, name: str, suite_id: UUID) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    suite = suite_get(code=code_of(repository), suite_id=suite_id)
    context = {**suite_context(suite), "trail": trail(repository, "tests")}
    return render(request, "quality/suite_detail.html", context)


@login_required
@require_GET
def proposal_detail(request: HtmxRequest, name: str, proposal_id: UUID) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    row = proposal_get(code=code_of(repository), proposal_id=proposal_id)
    context = {
        "job": proposal_job_latest(proposal=row, user=user),  # Before what it makes, as in _measurement.
        **proposal_context(row),
        "repository": repository,
        "applied": branch_of(row),
        "can_apply": can(user, Action.SPEC_WRITE, repository.scope),
        "trail": trail(repository, "proposals"),
        "patch_url": reverse("quality:proposal-patch", args=[name, row.pk]),
    }
    return render_page(request, "quality/proposal_detail.html", context, fragment="quality/_proposal_branch.html")


@login_required
@require_POST
def proposal_apply(request: HtmxRequest, name: str, proposal_id: UUID) -> HttpResponse:
    proposal = _changeable(request, name, proposal_id)
    proposal_apply_start(proposal=proposal, requested_by=current_user(request))
    return _to_proposal(request, name, proposal_id, "The fixes are being put on a branch.")


@login_required
@require_POST
def proposal_discard(request: HtmxRequest, name: str, proposal_id: UUID) -> HttpResponse:
    proposal = _changeable(request, name, proposal_id)
    proposal_discard_start(proposal=proposal, requested_by=current_user(request))
    return _to_proposal(request, name, proposal_id, "The branch is being removed.")


def _changeable(request: HtmxRequest, name: str, proposal_id: UUID) -> QualityImprovement:
    """Return the proposal, once it is clear that the person may change branches of its repository."""
    repository = repository_get(user=current_user(request), name=name)
    require(request, Action.SPEC_WRITE, repository.scope)
    return proposal_get(code=code_of(repository), proposal_id=proposal_id)


def _to_proposal(request: HtmxRequest, name: str, proposal_id: UUID, words: str) -> HttpResponse:
    response = redirect_after(request, reverse("quality:proposal-detail", args=[name, proposal_id]))
    return notify(request, response, words, level="info")


@login_required
@require_GET
def proposal_patch(request: HtmxRequest, name: str, proposal_id: UUID) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    return patch_response(proposal_get(code=code_of(repository), proposal_id=proposal_id))


@login_required
@require_POST
def measure(request: HtmxRequest, name: str, tab: str) -> HttpResponse:
    if tab not in MEASURES:
        raise NotFound("There is nothing to measure here.")
    repository = measurable(request, name)
    response = redirect_after(request, reverse(f"quality:{tab}", args=[name]))
    try:
        measurement_start(repository=repository, kind=MEASURES[tab], requested_by=current_user(request))
    except UNMEASURABLE as problem:
        return notify(request, response, str(problem), level="error")
    return notify(request, response, "The measurement is under way.", level="info")


@login_required
@require_POST
def measure_history(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    response = redirect_after(request, reverse("quality:coverage", args=[name]))
    try:
        jobs = history_measure(repository=repository, requested_by=current_user(request))
    except UNMEASURABLE as problem:
        return notify(request, response, str(problem), level="error")
    words = f"{len(jobs)} commits are being measured." if jobs else "The newest commits are all measured."
    return notify(request, response, words, level="info")


@login_required
@require_POST
def review_new(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    try:
        review_start(code=file_chosen(request, repository), requested_by=current_user(request))
    except REFUSALS as problem:
        return refused(request, name, "reviews", problem)
    return redirect_after(request, reverse("quality:reviews", args=[name]))


@login_required
@require_POST
def suite_new(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    try:
        suite_start(code=file_chosen(request, repository), requested_by=current_user(request))
    except REFUSALS as problem:
        return refused(request, name, "tests", problem)
    return redirect_after(request, reverse("quality:tests", args=[name]))


@login_required
@require_POST
def proposal_new(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    try:
        optimise_start(code=file_chosen(request, repository), requested_by=current_user(request))
    except REFUSALS as problem:
        return refused(request, name, "proposals", problem)
    return redirect_after(request, reverse("quality:proposals", args=[name]))


@login_required
@require_GET
def export(request: HtmxRequest, name: str, tab: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    tables: dict[str, Callable[[], Iterable[exports.Row]]] = {
        "coverage": lambda: exports.coverage_rows(coverage_trend(repository)),
        "debt": lambda: exports.debt_rows(repository),
        "reviews": lambda: exports.review_rows(code_of(repository)),
        "tests": lambda: exports.suite_rows(code_of(repository)),
        "proposals": lambda: exports.proposal_rows(code_of(repository)),
    }
    if tab not in tables:
        raise NotFound("There is no such table.")
    return table_download(request, f"{name}-{tab}.csv", tables[tab](), scope=repository.scope)


def _measurement(request: HtmxRequest, repository: Repository, tab: str) -> JobStatus | None:
    """Return the newest measurement. It is read before what it makes: a page that is behind stays live."""
    return measurement_latest(repository=repository, kind=MEASURES[tab], user=current_user(request))


def _code_job(request: HtmxRequest, repository: Repository, kind: str) -> JobStatus | None:
    """Return the newest work of this kind on a file, read before what it makes, as in ``_measurement``."""
    return code_job_latest(kind=kind, code=code_of(repository), user=current_user(request))
