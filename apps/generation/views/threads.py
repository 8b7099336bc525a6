"""Comments of a review are written, answered, resolved, confirmed and opened again; no word is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.models import CodeGenerationConsensus, GenerationRun
from apps.generation.selectors import run_get
from apps.generation.services.discussion import speaker_require
from apps.generation.services.threads import (
    At,
    CommentRefused,
    TooManyComments,
    thread_confirm,
    thread_open,
    thread_reopen,
    thread_reply,
    thread_resolve,
)
from apps.generation.views.places import address, place_of
from apps.generation.views.review import review_context
from apps.generation.views.said import ThreadForm
from apps.generation.views.shelves import shelf_of
from apps.governance.callers import interactive
from apps.governance.http import current_user
from apps.governance.models import User

MOVES: Mapping[str, tuple[Callable[..., None], str]] = {
    "resolve": (thread_resolve, "The thread is resolved."),
    "confirm": (thread_confirm, "The resolution is confirmed."),
    "reopen": (thread_reopen, "The thread is open again."),
}


@login_required
@require_POST
def thread_new(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Begin a thread; what cannot be kept comes back with its words."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    speaker_require(run=run, user=user, is_interactive=interactive(request))
    by_letter = {one.letter: one.candidate.pk for one in shelf_of(run, user).shown}
    form = ThreadForm(request.POST, letters=list(by_letter))
    if not form.is_valid():
        return _again(request, run, user, form, 422)
    data = form.cleaned_data
    at = None
    if data["letter"]:
        at = At(by_letter[data["letter"]], request.POST.get("path", ""), data["line"], data["side"] or "new")
    try:
        thread = thread_open(
            request_id=run.pk,
            author=user,
            text=data["text"],
            at=at,
            is_issue=data["is_issue"],
            needs_confirmation=data["needs_confirmation"],
            is_interactive=interactive(request),
        )
    except (CommentRefused, TooManyComments, NotFound) as refused:
        form.add_error(None, _sentence(refused))
        return _again(request, run, user, form, refused.status)
    return _back(request, run, thread.pk, "Your comment is there.")


def _again(request: HtmxRequest, run: GenerationRun, user: User, form: ThreadForm, status: int) -> HttpResponse:
    context = _review(request, run, user)
    context["said"] = {**context["said"], "form": form}
    return render(request, "generation/review.html", context, status=status)


def _review(request: HtmxRequest, run: GenerationRun, user: User) -> dict[str, Any]:
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    return review_context(request, run, consensus, user, place=place_of(QueryDict(request.POST.get("place", ""))))


@login_required
@require_POST
def thread_answer(request: HtmxRequest, request_id: UUID, thread_id: UUID) -> HttpResponse:
    """Write into a thread; what cannot be kept comes back with its words."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    text = request.POST.get("text", "")
    try:
        thread_reply(
            request_id=run.pk, thread_id=thread_id, author=user, text=text, is_interactive=interactive(request)
        )
    except (CommentRefused, TooManyComments) as refused:
        context = _review(request, run, user)
        context["said"] |= {"refused": thread_id, "refused_text": text, "refused_why": _sentence(refused)}
        return render(request, "generation/review.html", context, status=refused.status)
    return _back(request, run, thread_id, "Your comment is there.")


def _sentence(refused: NofxError) -> str:
    return f"{refused.message} {refused.remedy}".strip()


@login_required
@require_POST
def thread_move(request: HtmxRequest, request_id: UUID, thread_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    if request.POST.get("move") not in MOVES:
        raise NotFound("A thread is resolved, confirmed or opened again, and nothing else.", remedy="Reload the page.")
    move, words = MOVES[request.POST["move"]]
    move(request_id=run.pk, thread_id=thread_id, actor=user, is_interactive=interactive(request))
    return _back(request, run, thread_id, words)


def _back(request: HtmxRequest, run: GenerationRun, thread_id: UUID, words: str) -> HttpResponse:
    place = place_of(QueryDict(request.POST.get("place", "")))
    review = reverse("generation:review", args=[run.pk])
    return notify(request, redirect_after(request, f"{review}{address(place, f'#thread-{thread_id}')}"), words)
