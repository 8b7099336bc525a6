"""Structures that recur in a repository, as they were mined, and what people decide about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.highlighting import code_lines
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import can, display_name
from apps.governance.types import Action
from apps.knowledge.engine.drafts import draft_page
from apps.knowledge.forms import MinedForm
from apps.knowledge.models import MinedPattern
from apps.knowledge.selectors import mined_get, mined_of, mining_latest
from apps.knowledge.services.mining import mined_decide, mining_start
from apps.knowledge.views.tabs import knowledge_tabs
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_readable, repository_first, repository_get
from apps.repositories.services import repository_seen

PAGE_SIZE = 25


@login_required
@require_GET
def mined_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    user = current_user(request)
    repository = _wanted(request)
    context: dict[str, Any] = {
        "tabs": knowledge_tabs("mined-list"),
        "repository": repository,
        "repositories": list(repositories_readable(user=user)),
    }
    if repository is not None:
        repository_seen(session=request.session, repository=repository)
        # The job before what it makes: a page that is behind stays live.
        context["job"] = mining_latest(repository=repository, user=user)
        context["page"] = Paginator(mined_of(repository), PAGE_SIZE).get_page(request.GET.get("page"))
        context["can_mine"] = can(user, Action.QUALITY_MEASURE, repository.scope)
    return render_page(request, "knowledge/mined_list.html", context, fragment="knowledge/_mined.html")


def _wanted(request: HtmxRequest) -> Repository | None:
    user, name = current_user(request), request.GET.get("repository")
    return repository_get(user=user, name=name) if name else repository_first(user=user, session=request.session)


@login_required
@require_POST
def mined_start(request: HtmxRequest) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=request.POST.get("repository", ""))
    mining_start(repository=repository, actor=current_user(request))
    address = f"{reverse('knowledge:mined-list')}?repository={repository.name}"
    return notify(request, redirect_after(request, address), "The newest commit is being read.")


@login_required
@require_GET
def mined_detail(request: HtmxRequest, mined_id: UUID) -> HttpResponse:
    return _page(request, mined_get(user=current_user(request), mined_id=mined_id), None)


@login_required
@require_POST
def mined_write(request: HtmxRequest, mined_id: UUID) -> HttpResponse:
    """Propose or decline; what cannot be saved comes back with its words."""
    mined = mined_get(user=current_user(request), mined_id=mined_id)
    form = MinedForm(request.POST)
    if not form.is_valid():
        return _page(request, mined, form, status=422)
    mined_decide(mined_id=mined_id, actor=current_user(request), **form.cleaned_data)
    address = reverse("knowledge:mined-detail", args=[mined_id])
    return notify(request, redirect_after(request, address), "Your decision is recorded.")


@login_required
@require_GET
def mined_draft(request: HtmxRequest, mined_id: UUID) -> HttpResponse:
    """The beginning of a page of the library, for a person to finish."""
    mined = mined_get(user=current_user(request), mined_id=mined_id)
    source = f"mined from {mined.repository.name} at {mined.sha[:12]}, {mined.support} functions"
    response = HttpResponse(
        draft_page(mined.name or "A mined pattern", mined.reason, mined.template, source=source),
        content_type="text/markdown; charset=utf-8",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="mined-{mined.structure_digest[:12]}.md"'
    return response


def _page(request: HtmxRequest, mined: MinedPattern, form: MinedForm | None, *, status: int = 200) -> HttpResponse:
    user = current_user(request)
    may_decide = mined.state == MinedPattern.State.MINED and can(user, Action.SPEC_WRITE, mined.repository.scope)
    context = {
        "mined": mined,
        "template_lines": code_lines(mined.template),
        "decided_by": display_name(mined.decided_by) if mined.decided_by else "",
        "form": (form or MinedForm()) if may_decide else None,
        "trail": [
            ("Knowledge", reverse("knowledge:index")),
            ("Mined", f"{reverse('knowledge:mined-list')}?repository={mined.repository.name}"),
        ],
    }
    return render(request, "knowledge/mined_detail.html", context, status=status)
