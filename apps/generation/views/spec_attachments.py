"""Attachments of a draft, in its editor: files are added and removed with whatever was typed being saved first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, wants_fragment
from apps.core.numbers import whole_number
from apps.generation.engine.attachments import MOST_BYTES
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.selectors_attachments import attachment_get
from apps.generation.services.attachments import AttachmentRefused, attachment_remove, attachments_add
from apps.generation.services.drafts import SavedDraft
from apps.generation.views.spec_editor import attachments_context, draft_like, editor_page, editor_save
from apps.governance.http import current_user


@login_required
@require_POST
def spec_attach(request: HtmxRequest) -> HttpResponse:
    form, saved = editor_save(request)
    files = [(one.name or "", one.read(MOST_BYTES + 1)) for one in request.FILES.getlist("files")]
    try:
        if saved.draft is None:
            raise AttachmentRefused(
                "Nothing was attached: the specification says nothing yet.", remedy="Give it a title, then attach it."
            )
        names = attachments_add(author=current_user(request), draft_id=saved.draft.pk, files=files)
    except AttachmentRefused as problem:
        return _refused(request, form, saved, problem)
    return _changed(request, saved.draft, f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} attached.", saved)


@login_required
@require_POST
def spec_detach(request: HtmxRequest) -> HttpResponse:
    form, saved = editor_save(request)
    if saved.draft is None:
        problem = AttachmentRefused(
            "Nothing was removed: the specification says nothing yet.", remedy="Give it a title, then remove it."
        )
        return _refused(request, form, saved, problem)
    number = whole_number(request.POST.get("detach", ""))
    if number is not None:
        attachment_remove(author=current_user(request), draft_id=saved.draft.pk, number=number)
    return _changed(request, saved.draft, "The file is no longer attached.", saved)


@login_required
@require_GET
def spec_attachment(request: HtmxRequest, draft_id: UUID, number: int) -> HttpResponse:
    """Show what is in a file, to the author of its draft."""
    attachment = attachment_get(user=current_user(request), draft_id=draft_id, number=number)
    here = reverse("generation:spec-edit", args=[draft_id])
    context = {
        "attachment": attachment,
        "trail": [("Specs", reverse("generation:spec-list")), (str(attachment.draft), here)],
    }
    return render(request, "generation/spec_attachment.html", context)


def _changed(request: HtmxRequest, draft: SpecificationDraft, words: str, saved: SavedDraft) -> HttpResponse:
    if not wants_fragment(request):
        return notify(request, redirect("generation:spec-edit", draft_id=draft.pk), words)
    response = _fragment(request, saved, {})
    if saved.is_copy:
        notify(request, response, "Another tab changed this draft, so yours was kept as a new one.", level="warning")
    return response


def _refused(
    request: HtmxRequest, form: SpecificationForm, saved: SavedDraft, problem: AttachmentRefused
) -> HttpResponse:
    if not wants_fragment(request):
        return editor_page(request, form, saved.draft, refused=str(problem), status=422)
    return _fragment(request, saved, {"refused": str(problem)}, status=422)


def _fragment(request: HtmxRequest, saved: SavedDraft, further: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return the list of the files, with what the editor has to know of the save before it."""
    draft = saved.draft or draft_like(request.POST, current_user(request))
    context = {**attachments_context(draft), **further, "draft": saved.draft, "is_fragment": True}
    response = render(request, "generation/_attachments.html", context, status=status)
    if saved.draft is not None:
        response["HX-Replace-Url"] = reverse("generation:spec-edit", args=[saved.draft.pk])
    return response
