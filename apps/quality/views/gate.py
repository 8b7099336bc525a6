"""The quality gate of a repository: its card, which is read beside the page because reading takes seconds."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.core.clock import now
from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user
from apps.governance.selectors.quality_gate import quality_gate_card_kept
from apps.quality.views.tabs import trail
from apps.repositories.selectors import repository_get


@login_required
@require_GET
def quality_gate(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    context = {
        "repository": repository,
        "gate": quality_gate_card_kept(repository.scope, now()),
        "trail": trail(repository, "coverage"),
    }
    return render_page(request, "quality/quality_gate.html", context, fragment="quality/_quality_gate.html")
