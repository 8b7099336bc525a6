"""What of a repository's code can be searched, and having it read anew."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.knowledge.selectors import indexing_latest
from apps.knowledge.views.tabs import knowledge_tabs
from apps.repositories.models import Repository
from apps.repositories.selectors import (
    head_sha,
    index_newest,
    repositories_readable,
    repository_first,
    repository_get,
)
from apps.repositories.services import index_again, repository_seen
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

UNREADABLE = (RepositoryEmpty, RepositoryUnavailable)


@login_required
@require_GET
def code_index(request: HtmxRequest) -> HttpResponse:
    """The newest index of a repository, whether its branch went on since, and the job that reads it."""
    require_anywhere(request, Action.REQUEST_READ)
    user, name = current_user(request), request.GET.get("repository")
    repository = repository_get(user=user, name=name) if name else repository_first(user=user, session=request.session)
    context: dict[str, Any] = {
        "tabs": knowledge_tabs("code-index"),
        "repository": repository,
        "repositories": list(repositories_readable(user=user)),
    }
    if repository is not None:
        repository_seen(session=request.session, repository=repository)
        # The job before what it makes: a page that is behind stays live.
        context["job"] = indexing_latest(repository=repository, user=user)
        context["index"] = index_newest(repository)
        context["can_index"] = can(user, Action.QUALITY_MEASURE, repository.scope)
        context |= _freshness(repository)
    return render_page(request, "knowledge/code_index.html", context, fragment="knowledge/_code_index.html")


def _freshness(repository: Repository) -> dict[str, Any]:
    try:
        return {"head": head_sha(repository)}
    except UNREADABLE as error:
        return {"problem": error}


@login_required
@require_POST
def code_index_start(request: HtmxRequest) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=request.POST.get("repository", ""))
    address = f"{reverse('knowledge:code-index')}?{urlencode({'repository': repository.name})}"
    response = redirect_after(request, address)
    try:
        index_again(repository=repository, actor=current_user(request))
    except UNREADABLE as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, "The newest commit is being read anew.", level="info")
