"""Submitting a specification: what it would begin is shown first, and one press of a button begins it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, redirect_after, wants_fragment
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.selectors_attachments import attachments_of
from apps.generation.services.planning import specification_analyse
from apps.generation.services.prospects import submission_prospect
from apps.generation.services.submission import request_submit
from apps.generation.views.spec_editor import editor_context, editor_page, editor_save, is_denied
from apps.governance.http import current_user, record_denial
from apps.repositories.models import Repository

# The names by which the form knows what a refusal is about.
FIELDS = {"specification": "text", "repository": "repository"}


@login_required
@require_POST
def spec_confirm(request: HtmxRequest) -> HttpResponse:
    """Save what was typed and say what submitting it would begin, or what stands in the way."""
    form, draft = _complete(request)
    prospect = None
    if draft is not None and draft.repository is not None and not form.errors:
        try:
            prospect = submission_prospect(
                requester=current_user(request),
                repository=draft.repository,
                draft=draft,
                is_consistent=_is_consistent(request, draft, draft.repository),
            )
        except NofxError as problem:
            record_denial(request, problem)
            _show(form, problem)
    going = {"prospect": prospect, "attachments": attachments_of(draft)}
    if wants_fragment(request):
        return _sheet(request, form, draft, going)
    if prospect is None:
        return editor_page(request, form, draft, status=422)
    context = {
        **going,
        "draft": draft,
        "form": form,
        "trail": [("Specs", reverse("generation:spec-list"))],
    }
    return render(request, "generation/spec_confirm.html", context)


def _sheet(
    request: HtmxRequest, form: SpecificationForm, draft: SpecificationDraft | None, context: dict[str, Any]
) -> HttpResponse:
    """Return the sheet over the editor, with what the editor has to know of the save before it."""
    known = {**editor_context(form, draft, current_user(request)), **context, "form": form, "is_fragment": True}
    response = render(request, "generation/_confirm.html", known, status=200 if context["prospect"] else 422)
    if draft is not None:
        response["HX-Replace-Url"] = reverse("generation:spec-edit", args=[draft.pk])
    return response


@login_required
@require_POST
def spec_submit(request: HtmxRequest) -> HttpResponse:
    """Save what was typed, then submit it; a refusal shows the page again with everything in it."""
    form, draft = _complete(request)
    if draft is None or draft.repository is None or form.errors:
        return editor_page(request, form, draft, status=422)
    try:
        submitted = request_submit(
            requester=current_user(request),
            repository=draft.repository,
            title=draft.title,
            text=draft.text,
            target_path=draft.target_path,
            draft=draft,
            is_consistent=_is_consistent(request, draft, draft.repository),
        )
    except NofxError as problem:
        record_denial(request, problem)
        _show(form, problem)
        return editor_page(request, form, draft, status=422)
    return redirect_after(request, reverse("generation:request-detail", args=[submitted.pk]))


def _complete(request: HtmxRequest) -> tuple[SpecificationForm, SpecificationDraft | None]:
    """Keep what was typed; the form has an error for each thing that is missing before it can be submitted."""
    form, saved = editor_save(request)
    if saved.draft is None:
        form.add_error("title", "Give the specification a title; it names the branch's commit.")
        form.add_error("text", "Say what the code must do.")
    elif saved.draft.repository is None and not form.has_error("repository"):
        form.add_error("repository", "Choose the repository that the code is for.")
    # A form that carries no files sends the name of one that was chosen.
    if request.POST.get("files"):
        form.add_error(None, "A file was chosen but is not attached. Attach it, or choose none, then submit.")
    return form, saved.draft


def _is_consistent(request: HtmxRequest, draft: SpecificationDraft, repository: Repository) -> bool:
    """Tell whether whoever submits said that the contradictions they saw are none, and there are no others."""
    digest = request.POST.get("no_contradiction", "")
    if not digest:
        return False
    specification = specification_analyse(
        title=draft.title, text=draft.text, repository=repository, target_path=draft.target_path
    )
    return is_denied(specification, digest)


def _show(form: SpecificationForm, problem: NofxError) -> None:
    """Put a refusal beside the fields that it is about."""
    for flaw in problem.errors:
        form.add_error(FIELDS[flaw.field], flaw.message)
    if not problem.errors:
        form.add_error(None, str(problem))
