"""Submitting a specification: what it would begin is shown first, and one press of a button begins it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, redirect_after
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.services.planning import specification_analyse
from apps.generation.services.submission import request_submit
from apps.generation.views.spec_editor import editor_page, editor_save, is_denied
from apps.governance.http import current_user, record_denial

# The names by which the form knows what a refusal is about.
FIELDS = {"specification": "text", "repository": "repository"}


@login_required
@require_POST
def spec_submit(request: HtmxRequest) -> HttpResponse:
    """Save what was typed, then submit it; a refusal shows the page again with everything in it."""
    form, saved = editor_save(request)
    draft = saved.draft
    if draft is None:
        form.add_error("title", "Give the specification a title; it names the branch's commit.")
        form.add_error("text", "Say what the code must do.")
        return editor_page(request, form, None, status=422)
    if draft.repository is None and not form.has_error("repository"):
        form.add_error("repository", "Choose the repository that the code is for.")
    if draft.repository is None or form.errors:
        return editor_page(request, form, draft, status=422)
    user = current_user(request)
    try:
        submitted = request_submit(
            requester=user,
            repository=draft.repository,
            title=draft.title,
            text=draft.text,
            target_path=draft.target_path,
            draft=draft,
            is_consistent=_is_consistent(request, draft),
        )
    except NofxError as problem:
        record_denial(request, problem)
        _show(form, problem)
        return editor_page(request, form, draft, status=422)
    return redirect_after(request, reverse("generation:request-detail", args=[submitted.pk]))


def _is_consistent(request: HtmxRequest, draft: SpecificationDraft) -> bool:
    """Tell whether whoever submits said that the contradictions they saw are none, and there are no others."""
    digest = request.POST.get("no_contradiction", "")
    if not digest:
        return False
    specification = specification_analyse(
        title=draft.title, text=draft.text, repository=draft.repository, target_path=draft.target_path
    )
    return is_denied(specification, digest)


def _show(form: SpecificationForm, problem: NofxError) -> None:
    """Put a refusal beside the fields that it is about."""
    for flaw in problem.errors:
        form.add_error(FIELDS[flaw.field], flaw.message)
    if not problem.errors:
        form.add_error(None, str(problem))
