"""Writing a specification: drafts that are saved as they are typed, with an analysis beside them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.highlighting import diff_lines
from apps.core.htmx import HtmxRequest, notify, redirect_after, wants_fragment
from apps.core.numbers import whole_number
from apps.generation.engine.specification import analyse
from apps.generation.engine.suggestions import accepted
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.selectors import draft_get, drafts_of, reading_get, run_get
from apps.generation.services.answers import examples_text
from apps.generation.services.draft_versions import version_find
from apps.generation.services.drafts import draft_delete
from apps.generation.services.guidance import guidance_of
from apps.generation.services.second_reading import reading_request
from apps.generation.spec_examples import EXAMPLES
from apps.generation.views.spec_editor import (
    editor_context,
    editor_page,
    editor_save,
    repositories_written,
    uuid_or_none,
)
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors.ladder import places_closed
from apps.governance.types import Action

PAGE_SIZE = 50


@login_required
@require_GET
def spec_list(request: HtmxRequest) -> HttpResponse:
    page = Paginator(drafts_of(current_user(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "generation/spec_list.html", {"page": page})


@login_required
@require_GET
def spec_new(request: HtmxRequest) -> HttpResponse:
    copied = uuid_or_none(request.GET.get("draft", ""))
    if copied is not None:
        return _copy_of_a_draft(request, copied)
    earlier = uuid_or_none(request.GET.get("request", ""))
    if earlier is not None:
        return _editor_of_an_earlier_request(request, earlier)
    title, text = EXAMPLES.get(request.GET.get("example", ""), ("", ""))
    repositories = repositories_written(current_user(request))
    places = dict(repositories.values_list("name", "scope"))
    wanted = request.GET.get("repository", _only_open(places))
    initial = {"title": title, "text": text, "repository": wanted if wanted in places else None}
    return editor_page(request, SpecificationForm(initial=initial, repositories=repositories), None)


def _only_open(places: Mapping[str, int]) -> str:
    """Return the name of the one repository of *places* that something is generated for now, else nothing."""
    closed = places_closed(list(places.values()))
    names = [name for name, scope in places.items() if scope not in closed]
    return names[0] if len(names) == 1 else ""


def _editor_of_an_earlier_request(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Open the editor with the text of a request, to be changed and submitted as another one."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    text = "\n\n".join([run.request.specification, *(one.text for one in guidance_of(run))])
    offered = examples_text(run)
    if offered and request.GET.get("answers") == "add":
        text, offered = f"{text.rstrip()}\n\n{offered}", ""
    initial = {"title": run.title, "text": text, "target_path": run.target_path, "repository": run.repository.name}
    form = SpecificationForm(initial=initial, repositories=repositories_written(user))
    own = run.draft if run.draft and run.draft.author_id == user.pk else None
    return editor_page(request, form, None, offered=offered, source=run.pk, like=own)


def _copy_of_a_draft(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    """Open the editor with what a draft holds, or held; it becomes another one with the first word that is changed."""
    draft = draft_get(user=current_user(request), draft_id=draft_id)
    initial = _initial(draft)
    number = whole_number(request.GET.get("version", ""))
    if number is not None:
        version = version_find(draft, number)
        initial |= {"title": version.title, "text": version.text}
    form = SpecificationForm(initial=initial, repositories=repositories_written(current_user(request)))
    return editor_page(request, form, None, source=draft.source_id, like=draft)


def _initial(draft: SpecificationDraft) -> dict[str, object]:
    return {
        "title": draft.title,
        "text": draft.text,
        "target_path": draft.target_path,
        "repository": draft.repository.name if draft.repository else None,
    }


@login_required
@require_GET
def spec_edit(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_get(user=current_user(request), draft_id=draft_id)
    run = draft.runs.first()
    if run is not None:
        return redirect("generation:request-detail", request_id=run.pk)
    form = SpecificationForm(initial=_initial(draft), repositories=repositories_written(current_user(request)))
    return editor_page(request, form, draft)


@login_required
@require_GET
def spec_compare(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    """Show what a draft says otherwise than the request that it began as a copy of."""
    user = current_user(request)
    draft = draft_get(user=user, draft_id=draft_id)
    if draft.source_id is None:
        return redirect("generation:spec-edit", draft_id=draft.pk)
    run = run_get(user=user, request_id=draft.source_id)
    before = run.request.specification
    context = {
        "draft": draft,
        "run": run,
        "lines": diff_lines(before, draft.text, language="text") if before != draft.text else [],
        "trail": [("Specs", reverse("generation:spec-list"))],
    }
    return render(request, "generation/spec_compare.html", context)


@login_required
@require_POST
def spec_save(request: HtmxRequest) -> HttpResponse:
    """Save what was typed and answer with its analysis; without scripts, with the draft's page."""
    form, saved = editor_save(request, _with_accepted(request))
    url = reverse("generation:spec-edit", args=[saved.draft.pk]) if saved.draft else reverse("generation:spec-new")
    if not wants_fragment(request):
        return notify(request, redirect(url), "The draft is saved." if saved.draft else "There is nothing to save yet.")
    response = render(
        request, "generation/_analysis.html", editor_context(form, saved.draft, current_user(request), is_fragment=True)
    )
    response["HX-Replace-Url"] = url
    if saved.is_copy:
        notify(request, response, "Another tab changed this draft, so yours was kept as a new one.", level="warning")
    return response


def _with_accepted(request: HtmxRequest) -> QueryDict:
    """Return what was sent, with the suggestion in its text that a button without scripts accepts."""
    key = request.POST.get("accept", "")
    if not key:
        return request.POST
    data = request.POST.copy()
    data["text"] = accepted(analyse(data.get("text", "").replace("\r\n", "\n"), title=data.get("title", "")), key)
    return data


@login_required
@require_POST
def spec_ask(request: HtmxRequest) -> HttpResponse:
    """Save what was typed and have a model asked what is open in it; the rules' analysis stays as it is."""
    require_anywhere(request, Action.SPEC_WRITE)
    _, saved = editor_save(request)
    draft = saved.draft
    reading = reading_request(
        author=current_user(request),
        title=draft.title if draft else "",
        text=draft.text if draft else "",
        draft=draft,
        scope=draft.repository.scope if draft and draft.repository else None,
    )
    if wants_fragment(request):
        return render(request, "generation/_second_reading.html", {"reading": reading})
    if draft is None:
        return redirect("generation:spec-new")
    return redirect("generation:spec-edit", draft_id=draft.pk)


@login_required
@require_GET
def spec_reading(request: HtmxRequest, reading_id: UUID) -> HttpResponse:
    """Show what a model said; only whoever asked it sees that."""
    reading = reading_get(user=current_user(request), reading_id=reading_id)
    return render(request, "generation/_second_reading.html", {"reading": reading})


@login_required
@require_POST
def spec_delete(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    draft_delete(author=current_user(request), draft_id=draft_id)
    return notify(request, redirect_after(request, reverse("generation:spec-list")), "The draft is deleted.")
