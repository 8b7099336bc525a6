"""Writing a specification: drafts that are saved as they are typed, with an analysis beside them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page, wants_fragment
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.selectors import draft_get, drafts_of, reading_get, reading_newest, run_get
from apps.generation.services.answers import examples_text
from apps.generation.services.drafts import SavedDraft, draft_delete, draft_save
from apps.generation.services.second_reading import model_to_ask, reading_request
from apps.generation.services.submission import (
    analysis_summary,
    request_submit,
    specification_analyse,
    specification_closed,
)
from apps.governance.http import current_user, record_denial, require_anywhere
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_readable

PAGE_SIZE = 50
EXAMPLES = {
    "function": (
        "Slugs for page titles",
        "Write `def slugify(text: str) -> str` that turns a title into a slug for a URL.\n\n"
        "- Letters are lower case, and words are joined by single hyphens.\n"
        "- Everything that is not an ASCII letter or digit separates words.\n"
        "- There is no hyphen at either end.\n"
        "- An empty title gives an empty slug.\n\n"
        ">>> slugify('Hello, World!')\n'hello-world'\n"
        ">>> slugify('  a -- b  ')\n'a-b'\n"
        ">>> slugify('')\n''\n",
    ),
    "class": (
        "A counter that remembers its peak",
        "Write a class `PeakCounter` with `add(n: int) -> None`, `value() -> int` and `peak() -> int`.\n\n"
        "- A new counter is 0 and its peak is 0.\n"
        "- `add` may be given negative numbers; the peak never falls.\n\n"
        ">>> c = PeakCounter()\n>>> c.add(5)\n>>> c.add(-3)\n>>> c.value()\n2\n>>> c.peak()\n5\n",
    ),
}


def _repositories(user: User) -> Any:
    return repositories_readable(user=user).filter(scope__in=scopes_where(user, Action.SPEC_WRITE))


@login_required
@require_GET
def spec_list(request: HtmxRequest) -> HttpResponse:
    page = Paginator(drafts_of(current_user(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "generation/spec_list.html", {"page": page})


@login_required
@require_GET
def spec_new(request: HtmxRequest) -> HttpResponse:
    earlier = _uuid(request.GET.get("request", ""))
    if earlier is not None:
        return _editor_of_an_earlier_request(request, earlier)
    title, text = EXAMPLES.get(request.GET.get("example", ""), ("", ""))
    repositories = _repositories(current_user(request))
    names = list(repositories.values_list("name", flat=True))
    wanted = request.GET.get("repository", names[0] if len(names) == 1 else "")
    initial = {"title": title, "text": text, "repository": wanted if wanted in names else None}
    return _editor(request, SpecificationForm(initial=initial, repositories=repositories), None)


def _editor_of_an_earlier_request(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Open the editor with the text of a request, to be changed and submitted as another one."""
    run = run_get(user=current_user(request), request_id=request_id)
    text, offered = run.request.specification, examples_text(run)
    if offered and request.GET.get("answers") == "add":
        text, offered = f"{text.rstrip()}\n\n{offered}", ""
    initial = {"title": run.title, "text": text, "target_path": run.target_path, "repository": run.repository.name}
    form = SpecificationForm(initial=initial, repositories=_repositories(current_user(request)))
    return _editor(request, form, None, offered=offered)


@login_required
@require_GET
def spec_edit(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_get(user=current_user(request), draft_id=draft_id)
    run = draft.runs.first()
    if run is not None:
        return redirect("generation:request-detail", request_id=run.pk)
    initial = {
        "title": draft.title,
        "text": draft.text,
        "target_path": draft.target_path,
        "repository": draft.repository.name if draft.repository else None,
    }
    return _editor(
        request, SpecificationForm(initial=initial, repositories=_repositories(current_user(request))), draft
    )


@login_required
@require_POST
def spec_save(request: HtmxRequest) -> HttpResponse:
    """Save what was typed and answer with its analysis; without scripts, with the draft's page."""
    form, saved = _save(request)
    url = reverse("generation:spec-edit", args=[saved.draft.pk]) if saved.draft else reverse("generation:spec-new")
    if not wants_fragment(request):
        return notify(request, redirect(url), "The draft is saved." if saved.draft else "There is nothing to save yet.")
    response = render(request, "generation/_analysis.html", _context(form, saved.draft, is_fragment=True))
    response["HX-Replace-Url"] = url
    if saved.is_copy:
        notify(request, response, "Another tab changed this draft, so yours was kept as a new one.", level="warning")
    return response


@login_required
@require_POST
def spec_ask(request: HtmxRequest) -> HttpResponse:
    """Save what was typed and have a model asked what is open in it; the rules' analysis stays as it is."""
    require_anywhere(request, Action.SPEC_WRITE)
    _, saved = _save(request)
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
def spec_submit(request: HtmxRequest) -> HttpResponse:
    """Save what was typed, then submit it; a refusal shows the page again with everything in it."""
    form, saved = _save(request)
    draft = saved.draft
    if draft is None:
        form.add_error("title", "Give the specification a title; it names the branch's commit.")
        form.add_error("text", "Say what the code must do.")
        return _editor(request, form, None, status=422)
    if draft.repository is None and not form.has_error("repository"):
        form.add_error("repository", "Choose the repository that the code is for.")
    if draft.repository is None or form.errors:
        return _editor(request, form, draft, status=422)
    try:
        submitted = request_submit(
            requester=current_user(request),
            repository=draft.repository,
            title=draft.title,
            text=draft.text,
            target_path=draft.target_path,
            draft=draft,
        )
    except NofxError as problem:
        record_denial(request, problem)
        form.add_error(None, str(problem))
        return _editor(request, form, draft, status=422)
    return redirect_after(request, reverse("generation:request-detail", args=[submitted.pk]))


@login_required
@require_POST
def spec_delete(request: HtmxRequest, draft_id: UUID) -> HttpResponse:
    draft_delete(author=current_user(request), draft_id=draft_id)
    return notify(request, redirect_after(request, reverse("generation:spec-list")), "The draft is deleted.")


def _save(request: HtmxRequest) -> tuple[SpecificationForm, SavedDraft]:
    form = SpecificationForm(request.POST, repositories=_repositories(current_user(request)))
    form.is_valid()
    repository = form.cleaned_data.get("repository")
    saved = draft_save(
        author=current_user(request),
        title=request.POST.get("title", ""),
        text=request.POST.get("text", ""),
        repository=repository if isinstance(repository, Repository) else None,
        target_path=request.POST.get("target_path", ""),
        draft_id=_uuid(request.POST.get("draft", "")),
        version=int(version) if (version := request.POST.get("version", "0")[:9]).isdecimal() else 0,
    )
    return form, saved


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _editor(
    request: HtmxRequest,
    form: SpecificationForm,
    draft: SpecificationDraft | None,
    *,
    offered: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **_context(form, draft),
        "form": form,
        "offered": offered,
        "trail": [("Specs", reverse("generation:spec-list"))],
    }
    return render_page(request, "generation/spec_new.html", context, status=status)


def _context(form: SpecificationForm, draft: SpecificationDraft | None, *, is_fragment: bool = False) -> dict[str, Any]:
    text = draft.text if draft else str(form.initial.get("text", ""))
    title = draft.title if draft else str(form.initial.get("title", ""))
    problem, analysis, closed = None, None, None
    if text.strip():
        try:
            specification = specification_analyse(
                title=title,
                text=text,
                repository=draft.repository if draft else None,
                target_path=draft.target_path if draft else str(form.initial.get("target_path", "")),
            )
            analysis = analysis_summary(specification)
            if draft and draft.repository:
                closed = specification_closed(specification, draft.repository)
        except NofxError as error:
            problem = error
    return {
        "draft": draft,
        "draft_id": draft.pk if draft else _uuid(str(form.data.get("draft", ""))) or uuid4(),
        "analysis": analysis,
        "problem": problem,
        "closed": closed,
        "model_to_ask": model_to_ask(draft.repository.scope if draft and draft.repository else None)
        if analysis
        else None,
        "reading": reading_newest(draft) if analysis and draft else None,
        "is_fragment": is_fragment,
        "not_saved": " ".join(form.errors.get("text", [])) if is_fragment else "",
    }
