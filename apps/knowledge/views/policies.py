"""The policy of each repository: what counts, how it came about, and a form for those who edit it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import can, display_name
from apps.governance.types import Action
from apps.knowledge.engine.antipatterns import ANTIPATTERNS
from apps.knowledge.engine.policy import PolicyContent
from apps.knowledge.errors import PolicyChanged, PolicyInvalid
from apps.knowledge.forms import POLICY_LABELS, PolicyForm, policy_entries
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.selectors import policies_readable, policy_current, policy_history
from apps.knowledge.services.policies import policy_save
from apps.knowledge.views.tabs import knowledge_tabs
from apps.repositories.models import Repository
from apps.repositories.selectors import repository_get

PAGE_SIZE = 50
SHOWN_VERSIONS = 50


@login_required
@require_GET
def policy_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    page = Paginator(policies_readable(current_user(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(one, PolicyContent.from_json(one.policy_content).rule_count if one.policy_content else 0) for one in page]
    return render(
        request, "knowledge/policy_list.html", {"page": page, "rows": rows, "tabs": knowledge_tabs("policy-list")}
    )


@login_required
@require_GET
def policy_detail(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    return _page(request, repository, None)


@login_required
@require_POST
def policy_write(request: HtmxRequest, name: str) -> HttpResponse:
    """Save the next version; what cannot be saved comes back with its words."""
    repository = repository_get(user=current_user(request), name=name)
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, repository, form, status=422)
    try:
        policy = policy_save(
            repository=repository,
            actor=current_user(request),
            lists=form.lists(),
            seen_version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
    except PolicyInvalid as error:
        for problem in error.problems:
            form.add_error(problem.field, problem.message)
        return _page(request, repository, form, status=error.status)
    except PolicyChanged as error:
        return _page(request, repository, form.begun_anew(policy_current(repository), str(error)), status=error.status)
    response = redirect_after(request, reverse("knowledge:policy-detail", args=[repository.name]))
    return notify(request, response, f"Version {policy.version} of the code rules counts now.")


def _page(request: HtmxRequest, repository: Repository, form: PolicyForm | None, *, status: int = 200) -> HttpResponse:
    user = current_user(request)
    history = policy_history(repository, limit=SHOWN_VERSIONS + 1)
    versions = zip(history, [*history, None][1:], strict=True)
    current = history[0] if history else None
    may_edit = can(user, Action.THRESHOLD_EDIT, repository.scope) and not user.is_service
    if form is None and may_edit:
        form = PolicyForm.of(current)
    context = {
        "repository": repository,
        "current": current,
        "rules": _rules(current),
        "history": [_version(one, before) for one, before in versions][:SHOWN_VERSIONS],
        "form": form if may_edit else None,
        "patterns": [one.slug for one in patterns()],
        "antipatterns": [one.slug for one in ANTIPATTERNS],
        "trail": [("Knowledge", reverse("knowledge:index")), ("Code rules", reverse("knowledge:policy-list"))],
    }
    return render(request, "knowledge/policy_detail.html", context, status=status)


def _rules(policy: RepositoryPolicy | None) -> list[tuple[str, list[str]]]:
    entries = policy_entries(policy)
    return [(POLICY_LABELS[name], entries[name]) for name in POLICY_LABELS if entries[name]]


def _version(policy: RepositoryPolicy, before: RepositoryPolicy | None) -> dict[str, Any]:
    """Return one version as the history shows it: who, when, why, and which rules came and went."""
    now, then = policy_entries(policy), policy_entries(before)
    added = [f"{POLICY_LABELS[name]}: {one}" for name in now for one in now[name] if one not in then[name]]
    removed = [f"{POLICY_LABELS[name]}: {one}" for name in then for one in then[name] if one not in now[name]]
    return {"policy": policy, "by": display_name(policy.written_by), "added": added, "removed": removed}
