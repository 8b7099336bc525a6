"""What a draft said before: a list, each version beside the text as it is now, and the way back to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.highlighting import diff_lines
from apps.core.htmx import HtmxRequest, notify
from apps.generation.engine.drafting import EVERY, MOST_KEPT
from apps.generation.models import SpecificationDraft
from apps.generation.selectors import draft_get
from apps.generation.selectors_versions import versions_of
from apps.generation.services.draft_versions import version_find, version_put_back
from apps.governance.http import current_user


@login_required
@require_GET
def spec_versions(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_get(user=current_user(request), draft_id=draft_id)
    context = {
        **_place(draft),
        "versions": versions_of(draft),
        "most": MOST_KEPT,
        "minutes": int(EVERY.total_seconds()) // 60,
    }
    return render(request, "generation/spec_versions.html", context)


@login_required
@require_GET
def spec_version(request: HtmxRequest, draft_id: UUID, number: int) -> HttpResponse:
    """Show what the draft says now otherwise than in a version."""
    draft = draft_get(user=current_user(request), draft_id=draft_id)
    version = version_find(draft, number)
    place = _place(draft)
    context = {
        **place,
        "version": version,
        "is_same": (version.title, version.text) == (draft.title, draft.text),
        "lines": diff_lines(version.text, draft.text, language="text") if version.text != draft.text else [],
        "trail": [*place["trail"], ("Versions", reverse("generation:spec-versions", args=[draft.pk]))],
    }
    return render(request, "generation/spec_version.html", context)


@login_required
@require_POST
def spec_put_back(request: HtmxRequest, draft_id: UUID, number: int) -> HttpResponse:
    draft = version_put_back(author=current_user(request), draft_id=draft_id, number=number)
    response = redirect("generation:spec-edit", draft_id=draft.pk)
    return notify(
        request, response, f"The draft says what it said in version {number}. What it said until now is kept."
    )


def _place(draft: SpecificationDraft) -> dict[str, Any]:
    """Return the draft, the request that it became, and the way there."""
    run = draft.runs.select_related("request").order_by("-request__created_at").first()
    here = (
        reverse("generation:request-detail", args=[run.pk]) if run else reverse("generation:spec-edit", args=[draft.pk])
    )
    begin = ("Requests", "generation:request-list") if run else ("Specs", "generation:spec-list")
    return {"draft": draft, "run": run, "trail": [(begin[0], reverse(begin[1])), (str(run or draft), here)]}
