"""What the tests of a repository notice when its code is changed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NotFound
from apps.core.exports import Row
from apps.core.htmx import HtmxRequest, redirect_after
from apps.governance.downloads import table_download
from apps.governance.http import current_user
from apps.quality.models import MeasuredCode, MutationRun
from apps.quality.mutation_figures import runs_of
from apps.quality.selectors import code_job_latest, code_of
from apps.quality.services import mutation_start
from apps.quality.types import MUTATION_JOB
from apps.quality.views.files import REFUSALS, file_chosen, file_form, refused
from apps.quality.views.tabs import measurable, tab_page, trail
from apps.repositories.models import Repository
from apps.repositories.selectors import repository_get

PAGE_SIZE = 50


@login_required
@require_GET
def mutation(request: HtmxRequest, name: str) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    job = code_job_latest(kind=MUTATION_JOB, code=code_of(repository), user=user)  # Before the run that it makes.
    page = Paginator(runs_of(code_of(repository)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "job": job,
        "export_url": reverse("quality:mutation-export", args=[name]),
        **file_form(repository, with_tests=False),
    }
    return tab_page(request, repository, "mutation", context)


@login_required
@require_GET
def mutation_detail(request: HtmxRequest, name: str, run_id: UUID) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    run = _run(repository, run_id)
    context = {"run": run, "text": run.code.text, "trail": trail(repository, "mutation")}
    return render(request, "quality/mutation_detail.html", context)


@login_required
@require_POST
def mutation_new(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    try:
        mutation_start(code=file_chosen(request, repository, with_tests=False), requested_by=current_user(request))
    except REFUSALS as problem:
        return refused(request, name, "mutation", problem)
    return redirect_after(request, reverse("quality:mutation", args=[name]))


@login_required
@require_GET
def export(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    return table_download(request, f"{name}-mutation.csv", _rows(repository), scope=repository.scope)


def _rows(repository: Repository) -> Iterator[Row]:
    """Yield a row for each run, and one for each change that no test noticed."""
    yield (
        *("run", "created_at", "path", "commit", "candidate", "tests", "noticed", "counted", "low", "high", "untried"),
        *("line", "function", "operator", "before", "after"),
    )
    for run in runs_of(code_of(repository)).iterator(chunk_size=200):
        share = run.share
        own = (
            *(run.pk, run.created_at.isoformat(), run.path, run.sha, run.is_candidate, run.tests),
            *(run.noticed, run.counted, round(share.low, 4), round(share.high, 4), run.untried),
        )
        yield (*own, None, None, None, None, None)
        for one in run.survivors:
            yield (*own, one["line"], one["function"], one["operator"], one["before"], one["after"])


def _run(repository: Repository, run_id: UUID) -> MutationRun:
    among = MeasuredCode.objects.filter(revision__repository=repository)
    found = runs_of(among).select_related("code").filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such run in this repository.")
    return found
