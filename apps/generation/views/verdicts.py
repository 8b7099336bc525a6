"""A verdict: read, confirmed where it approves, cast on exactly what was shown, and its words never lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest
from apps.generation.engine.activity import seconds_read
from apps.generation.engine.depth import percent_read
from apps.generation.forms import VerdictForm
from apps.generation.models import CodeGenerationConsensus, GenerationRun
from apps.generation.selectors import Lettered, candidates_of, consensus_of, order_seed, run_get, seeded
from apps.generation.services.discussion import threads_open
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.services.reviews import (
    NotInReview,
    RequirementsUnmet,
    approval_require,
    reviewer_require,
    verdict_cast,
)
from apps.generation.services.viewing import NotLookedAt
from apps.generation.views.review import review_back, review_context
from apps.generation.views.shelves import candidates_shown, up_for_approval
from apps.governance.http import current_user, recorded_as
from apps.governance.models import User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import ballot_of
from apps.governance.services import AlreadyVoted, ContentChanged, denial_record
from apps.governance.types import Verdict

READ_AGAIN = "Below is what is there now: look at it and decide again. Your words are kept."
RECORDED = "Your verdict is recorded."
STEPPED_ASIDE = "You stepped aside: you have no vote on this request, whatever changes in it."
# What the steps of casting send beside the verdict itself.
STEPS = {"csrfmiddlewaretoken", "confirmed", "ask", "back"}
ACTS = {
    Verdict.APPROVE: "Approve {}",
    Verdict.REQUEST_CHANGES: "Request changes of {}",
    Verdict.BLOCK: "Block {}",
    Verdict.RECUSE: "Step aside",
}


@recorded_as("ballot.cast", "request", "request_id")
@login_required
@require_POST
@recently_authenticated
def verdict(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Cast a verdict; an approval is confirmed on a page of its own first, and so is what was sent with a shortcut."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    consensus = consensus_of(run)
    if consensus is None:
        raise NotFound("There is nothing to vote on yet.", remedy="Wait until the request is in review.")
    shown = candidates_shown(run, user, seeded(run, user).among(candidates_of(run)))
    chosen = up_for_approval(shown, consensus)
    form = VerdictForm(request.POST, letters=[one.letter for one in shown], chosen=chosen.letter)
    is_valid = form.is_valid()
    if not is_valid or "back" in request.POST:
        reviewer_require(run=run, reviewer=user, is_interactive=True)
        return _form_again(request, run, user, form, status=200 if is_valid else 422)
    try:
        if _is_to_be_confirmed(request, form):
            return _confirm(request, run, user, form, chosen)
        _cast(request, run, user, form, shown)
    except (AlreadyVoted, NotInReview):
        if not _was_cast(run, user, form):
            raise
    except ContentChanged as problem:
        _deny(request, user, problem)
        return _to_be_read_again(request, run, user, form, problem)
    except (RequirementsUnmet, NotLookedAt) as problem:
        _deny(request, user, problem)
        form.add_error("verdict", f"{problem.message} {problem.remedy}")
        return _form_again(request, run, user, form, status=problem.status)
    is_recusal = form.cleaned_data["verdict"] == Verdict.RECUSE.value
    return review_back(request, request_id, STEPPED_ASIDE if is_recusal else RECORDED)


def _is_to_be_confirmed(request: HtmxRequest, form: VerdictForm) -> bool:
    is_asked = "ask" in request.POST or form.cleaned_data["verdict"] == Verdict.APPROVE.value
    return is_asked and request.POST.get("confirmed") != form.cleaned_data["digest"]


def _cast(request: HtmxRequest, run: GenerationRun, user: User, form: VerdictForm, shown: list[Lettered]) -> None:
    by_letter = {one.letter: one.candidate.pk for one in shown}
    preference = form.cleaned_data["preference"]
    verdict_cast(
        request_id=run.pk,
        reviewer=user,
        verdict=Verdict(form.cleaned_data["verdict"]),
        digest=form.cleaned_data["digest"],
        is_interactive=True,
        rationale=form.cleaned_data["rationale"],
        preference=str(by_letter.get(preference, preference)),
        rubric={by_letter[letter]: ratings for letter, ratings in form.ratings().items()},
        order_seed=order_seed(run, user),
        depth=percent_read(request.POST.get("depth", "")),
        active_s=seconds_read(request.POST.get("active", "")),
        session_key=request.session.session_key or "",
    )


def _was_cast(run: GenerationRun, user: User, form: VerdictForm) -> bool:
    """Whether exactly this verdict is on record: it was sent twice."""
    ballot = ballot_of(SUBJECT_KIND, run.pk, user)
    sent = (form.cleaned_data["verdict"], form.cleaned_data["digest"])
    return ballot is not None and (ballot.verdict, ballot.subject_digest) == sent


def _confirm(request: HtmxRequest, run: GenerationRun, user: User, form: VerdictForm, chosen: Lettered) -> HttpResponse:
    """Name what is about to be signed, and ask once more; all that was sent is kept on the page."""
    reviewer_require(run=run, reviewer=user, is_interactive=True)
    choice = Verdict(form.cleaned_data["verdict"])
    files: dict[str, str] = {}
    if choice is Verdict.APPROVE:
        files = approval_require(run=run, reviewer=user, digest=form.cleaned_data["digest"])
    context = {
        "run": run,
        "act": ACTS[choice].format(chosen.letter),
        "chosen": chosen,
        "is_approval": choice is Verdict.APPROVE,
        "digest": form.cleaned_data["digest"],
        "files": files,
        "open_threads": threads_open(run, chosen.candidate.pk),
        "preference": form.preferred,
        "rationale": form.cleaned_data["rationale"],
        "sent": [(name, value) for name, values in request.POST.lists() if name not in STEPS for value in values],
        "trail": [
            ("Requests", reverse("generation:request-list")),
            (run.title, reverse("generation:request-detail", args=[run.pk])),
            ("Review", reverse("generation:review", args=[run.pk])),
        ],
    }
    return render(request, "generation/verdict_confirm.html", context)


def _deny(request: HtmxRequest, user: User, problem: NofxError) -> None:
    denial_record(error=problem, actor=user, session_key=request.session.session_key or "")


def _form_again(
    request: HtmxRequest, run: GenerationRun, user: User, form: VerdictForm, *, status: int
) -> HttpResponse:
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    context: dict[str, Any] = {**review_context(request, run, consensus, user), "form": form}
    return render(request, "generation/review.html", context, status=status)


def _to_be_read_again(
    request: HtmxRequest, run: GenerationRun, user: User, form: VerdictForm, problem: ContentChanged
) -> HttpResponse:
    """Show what is there now, with the words and ratings that were given but without the verdict."""
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    context = review_context(request, run, consensus, user)
    kept = {name: value for name, value in form.cleaned_data.items() if name not in {"digest", "verdict"}}
    context["form"] = VerdictForm(
        initial={**kept, "digest": context["digest"]},
        letters=context["letters"],
        chosen=context["chosen"].letter,
        waiting=context["files"]["waiting"],
    )
    context["banners"] = [("bad", f"{problem.message} {READ_AGAIN}"), *context["banners"]]
    return render(request, "generation/review.html", context, status=problem.status)
