"""The code rules of each repository: what counts, and how it came about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.htmx import HtmxRequest
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import can, display_name
from apps.governance.types import Action
from apps.knowledge.engine.policy import PolicyContent
from apps.knowledge.forms import POLICY_LABELS, policy_entries
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.selectors import policies_readable, policy_history
from apps.knowledge.views.tabs import knowledge_tabs
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
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    history = policy_history(repository, limit=SHOWN_VERSIONS + 1)
    versions = zip(history, [*history, None][1:], strict=True)
    current = history[0] if history else None
    context = {
        "repository": repository,
        "current": current,
        "rules": _rules(current),
        "history": [_version(one, before) for one, before in versions][:SHOWN_VERSIONS],
        "may_propose": can(user, Action.THRESHOLD_EDIT, repository.scope) and not user.is_service,
        "trail": [("Knowledge", reverse("knowledge:index")), ("Code rules", reverse("knowledge:policy-list"))],
    }
    return render(request, "knowledge/policy_detail.html", context)


def _rules(policy: RepositoryPolicy | None) -> list[tuple[str, list[str]]]:
    entries = policy_entries(policy)
    return [(POLICY_LABELS[name], entries[name]) for name in POLICY_LABELS if entries[name]]


def _version(policy: RepositoryPolicy, before: RepositoryPolicy | None) -> dict[str, Any]:
    """Return one version as the history shows it: who, when, why, and which rules came and went."""
    now, then = policy_entries(policy), policy_entries(before)
    added = [f"{POLICY_LABELS[name]}: {one}" for name in now for one in now[name] if one not in then[name]]
    removed = [f"{POLICY_LABELS[name]}: {one}" for name in then for one in then[name] if one not in now[name]]
    return {"policy": policy, "by": display_name(policy.written_by), "added": added, "removed": removed}
