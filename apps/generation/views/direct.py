"""What a person asked for at once, without a request: tests for a specification, a refactoring that is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.highlighting import diff_columns, folded
from apps.core.htmx import HtmxRequest, redirect_after
from apps.generation.forms import RefactoringForm, TestsForm
from apps.generation.models import DirectArtifact
from apps.generation.selectors import direct_get, direct_of
from apps.generation.services.refactoring import NothingShown, refactoring_suggest
from apps.generation.services.verbs import tests_write
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import scopes_where
from apps.governance.types import Action

PAGE_SIZE = 50
NOTHING_FOUND = "Nothing to simplify was found that could be shown to behave the same, so nothing was kept."


@login_required
@require_GET
def direct_list(request: HtmxRequest) -> HttpResponse:
    return _page(request)


@login_required
@require_POST
def direct_tests(request: HtmxRequest) -> HttpResponse:
    """Write tests for a specification; a refusal shows the page again with everything in it."""
    require_anywhere(request, Action.SPEC_WRITE)
    form = TestsForm(request.POST)
    if not form.is_valid():
        return _page(request, tests_form=form, status=422)
    try:
        artifact = tests_write(**form.cleaned_data, requested_by=current_user(request))
    except NofxError as problem:
        form.add_error("text", str(problem))
        return _page(request, tests_form=form, status=422)
    return redirect_after(request, reverse("generation:direct-detail", args=[artifact.pk]))


@login_required
@require_POST
def direct_refactoring(request: HtmxRequest) -> HttpResponse:
    """Look for a refactoring that is proved; when there is none, the page says so, with the code still in it."""
    require_anywhere(request, Action.SPEC_WRITE)
    form = RefactoringForm(request.POST)
    if not form.is_valid():
        return _page(request, refactoring_form=form, status=422)
    try:
        found = refactoring_suggest(**form.cleaned_data, requested_by=current_user(request))
    except NofxError as problem:
        form.add_error("code", str(problem))
        return _page(request, refactoring_form=form, status=422)
    if isinstance(found, NothingShown):
        return _page(request, refactoring_form=form, nothing_found=NOTHING_FOUND, left_out=found.left_out)
    return redirect_after(request, reverse("generation:direct-detail", args=[found.artifact.pk]))


@login_required
@require_GET
def direct_detail(request: HtmxRequest, artifact_id: UUID) -> HttpResponse:
    direct = direct_get(user=current_user(request), artifact_id=artifact_id)
    context = {
        "direct": direct,
        "artifact": direct.artifact,
        "language": direct.evidence.get("language", "python"),
        "figures": direct.artifact.performance_metrics or {},
        "panes": _panes(direct) if direct.kind == DirectArtifact.Kind.REFACTORING else [],
        "trail": [
            ("Requests", reverse("generation:request-list")),
            ("Without a request", reverse("generation:direct-list")),
        ],
    }
    return render(request, "generation/direct_detail.html", context)


@login_required
@require_GET
def direct_patch(request: HtmxRequest, artifact_id: UUID) -> HttpResponse:
    direct = direct_get(user=current_user(request), artifact_id=artifact_id)
    if not direct.evidence.get("patch"):
        raise NotFound("This has no patch.")
    response = HttpResponse(direct.evidence["patch"], content_type="text/x-diff; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="refactoring-{str(direct.pk)[:8]}.patch"'
    return response


def _page(
    request: HtmxRequest,
    *,
    tests_form: TestsForm | None = None,
    refactoring_form: RefactoringForm | None = None,
    nothing_found: str = "",
    left_out: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = current_user(request)
    context = {
        "page": Paginator(direct_of(user), PAGE_SIZE).get_page(request.GET.get("page")),
        "tests_form": tests_form or TestsForm(),
        "refactoring_form": refactoring_form or RefactoringForm(),
        "nothing_found": nothing_found,
        "left_out": left_out or {},
        "can_write": scopes_where(user, Action.SPEC_WRITE).exists(),
        "tabs": request_tabs("direct"),
    }
    return render(request, "generation/direct_list.html", context, status=status)


def request_tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs over requests, what was written without one, what decisions taught, and how reviews are done."""
    tabs = (
        ("requests", "Requests", "generation:request-list"),
        ("direct", "Without a request", "generation:direct-list"),
        ("learned", "What models are worth", "generation:learned"),
        ("depth", "Review depth", "generation:depth"),
    )
    return [{"label": label, "url": reverse(name), "is_current": key == current} for key, label, name in tabs]


def _panes(direct: DirectArtifact) -> list[dict[str, Any]]:
    left, right = folded(diff_columns(direct.source, direct.artifact.generated_code))
    return [
        {"letter": "", "title": "As it was sent", "lines": left},
        {"letter": "", "title": "Simplified", "lines": right},
    ]
