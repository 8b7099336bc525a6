"""Documentation of the repositories one may read, and whether it still holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.clock import now
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.docs.clock_figures import clocks_of
from apps.docs.models import DocumentationArtifact
from apps.docs.rendering import render as markdown_render
from apps.docs.rendering import symbol_anchor
from apps.docs.selectors import check_latest, generation_followed, page_get, page_state, pages_newest, pages_of
from apps.docs.services import generation_start, observation_start, validation_start
from apps.governance.http import current_user, require
from apps.governance.selectors import can, scopes_where
from apps.governance.types import Action
from apps.repositories.selectors import repositories_readable, repository_first, repository_get
from apps.repositories.services import repository_seen
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

PAGE_SIZE = 50
VERSIONS = 10
EXPECTED = (RepositoryEmpty, RepositoryUnavailable)


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    readable = repositories_readable(user=user)
    first = repository_first(user=user, session=request.session)
    by_name = readable.order_by(Case(When(pk=first.pk, then=0), default=1), "name") if first else readable
    page = Paginator(by_name, PAGE_SIZE).get_page(request.GET.get("page"))
    writable = scopes_where(user, Action.DOCS_GENERATE)
    rows = pages_newest(list(page))
    followed, job = generation_followed(rows=rows, user=user) or (None, None)
    context = {
        "page": page,
        "rows": rows,
        "followed": followed,
        "job": job,
        "first": first,
        "writable": list(readable.filter(scope__in=writable).values_list("name", flat=True)),
    }
    return render_page(request, "docs/index.html", context, fragment="docs/_list.html")


@login_required
@require_GET
def page_detail(request: HtmxRequest, page_id: UUID) -> HttpResponse:
    user = current_user(request)
    job = check_latest(page_id=page_id, user=user)  # Before what it finds: a page that is behind stays live.
    page = page_get(user=user, page_id=page_id)
    repository = page.source.revision.repository
    repository_seen(session=request.session, repository=repository)
    context = {
        "page": page,
        "repository": repository,
        "state": page_state(page),
        "job": job,
        "rendered": markdown_render(page.generated_content),
        "symbols": len(page.source.citations),
        "documented": sum(citation["is_documented"] for citation in page.source.citations),
        "validation": page.source.validation,
        "changes": _changes(page),
        "clock": clocks_of([repository], now()).get(repository.pk),
        "versions": Paginator(pages_of(repository), VERSIONS).get_page(request.GET.get("versions")),
        "can_check": can(user, Action.DOCS_GENERATE, repository.scope),
        "trail": [("Docs", reverse("docs:index"))],
    }
    return render_page(request, "docs/page_detail.html", context, fragment="docs/_freshness.html")


@login_required
@require_GET
def page_download(request: HtmxRequest, page_id: UUID) -> HttpResponse:
    page = page_get(user=current_user(request), page_id=page_id)
    name = f"{page.source.revision.repository.name}-api-{page.target_code_version[:12]}.md"
    response = HttpResponse(page.generated_content, content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@require_POST
def generate(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=request.POST.get("repository", ""))
    require(request, Action.DOCS_GENERATE, repository.scope)
    response = redirect_after(request, reverse("docs:index"))
    try:
        generation_start(repository=repository, requested_by=user)
    except EXPECTED as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, f"The API page of {repository.name} is being written.", level="info")


@login_required
@require_POST
def follow(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=request.POST.get("repository", ""))
    require(request, Action.DOCS_GENERATE, repository.scope)
    response = redirect_after(request, reverse("docs:index"))
    try:
        observation_start(repository=repository, requested_by=user)
    except EXPECTED as error:
        return notify(request, response, str(error), level="error")
    words = f"The pages of {repository.name} are being held against its newest commits."
    return notify(request, response, words, level="info")


@login_required
@require_POST
def check(request: HtmxRequest, page_id: UUID) -> HttpResponse:
    user = current_user(request)
    page = page_get(user=user, page_id=page_id)
    require(request, Action.DOCS_GENERATE, page.source.revision.repository.scope)
    validation_start(artifact=page, requested_by=user)
    response = redirect_after(request, reverse("docs:page-detail", args=[page.pk]))
    return notify(request, response, "The page is being checked against the newest commit.", level="info")


def _changes(page: DocumentationArtifact) -> list[dict[str, Any]]:
    """Return the symbols that changed since, each with its place on the page."""
    place = {
        (citation["module"], citation["qualname"]): symbol_anchor(number)
        for number, citation in enumerate(page.source.citations, start=1)
    }
    changes = (page.source.validation or {}).get("changes", [])
    return [change | {"anchor": place.get((change["module"], change["qualname"]))} for change in changes]
