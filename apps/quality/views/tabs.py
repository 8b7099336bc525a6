"""The frame around the tabs of a repository's quality."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user, require
from apps.governance.selectors import can
from apps.governance.services.quality_gates import quality_gate_last
from apps.governance.types import Action
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_readable, repository_get
from apps.repositories.services import repository_seen

TABS = (
    ("coverage", "Coverage"),
    ("debt", "Debt"),
    ("reviews", "Reviews"),
    ("mutation", "Mutation"),
    ("flakes", "Tests and flakes"),
    ("tests", "Generated tests"),
    ("proposals", "Proposals"),
)
EMPTY_TITLES = {
    "coverage": "No coverage was measured for {} yet",
    "debt": "No debt was assessed for {} yet",
}


def tab_page(request: HtmxRequest, repository: Repository, tab: str, context: dict[str, Any]) -> HttpResponse:
    """Return a tab of a repository's quality, whole or as the fragment that htmx asks for."""
    user = current_user(request)
    repository_seen(session=request.session, repository=repository)
    context |= {
        "repository": repository,
        "repositories": repositories_readable(user=user),
        "tab": tab,
        "tabs": [
            {"label": label, "url": reverse(f"quality:{key}", args=[repository.name]), "is_current": key == tab}
            for key, label in TABS
        ],
        "tab_url": reverse(f"quality:{tab}", args=[repository.name]),
        "can_measure": can(user, Action.QUALITY_MEASURE, repository.scope),
        "trail": trail(repository, tab)[:1],
        "gate_last": quality_gate_last(repository.scope),
        "empty_title": EMPTY_TITLES.get(tab, "").format(repository.default_branch),
        "fragment": f"quality/_{tab}.html",
    }
    context.setdefault("export_url", reverse("quality:export", args=[repository.name, tab]))
    return render_page(request, "quality/tab.html", context, fragment=f"quality/_{tab}.html")


def trail(repository: Repository, tab: str) -> list[tuple[str, str]]:
    """Return the way back from a page below a tab."""
    label = dict(TABS)[tab]
    return [
        ("Quality", reverse("quality:index")),
        (f"{repository.name}: {label.lower()}", reverse(f"quality:{tab}", args=[repository.name])),
    ]


def measurable(request: HtmxRequest, name: str) -> Repository:
    """Return the repository, once it is clear that the person may measure it."""
    repository = repository_get(user=current_user(request), name=name)
    require(request, Action.QUALITY_MEASURE, repository.scope, object_kind="repository", object_id=repository.pk)
    return repository
