"""Review: candidates side by side, blind, with what their behaviour showed, and a verdict bound to what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NotFound
from apps.core.highlighting import changed_count, code_lines, diff_lines
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.engine.activity import seconds_read
from apps.generation.engine.depth import percent_read
from apps.generation.forms import VerdictForm
from apps.generation.models import Candidate, CodeGenerationConsensus, GenerationRun
from apps.generation.selectors import (
    Lettered,
    candidates_of,
    consensus_of,
    lettered,
    models_are_visible,
    order_seed,
    run_get,
    seeded,
)
from apps.generation.services.canaries import canary_disclose
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import candidate_module
from apps.generation.services.gate_jobs import GATES_JOB
from apps.generation.services.measuring import MEASURERS, gates_ask
from apps.generation.services.overrides import candidate_sheet
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.review_subject import REVIEWABLE, SUBJECT_KIND, review_subject
from apps.generation.services.reviews import (
    RequirementsUnmet,
    policy_refreeze,
    review_decision,
    reviewer_require,
    selection_change,
    verdict_cast,
)
from apps.generation.types import RUBRIC
from apps.generation.types import RequestStatus as Status
from apps.generation.views.agreement import (
    agreement_banner,
    agreement_tally,
    behaviour_groups,
    examples_banner,
    letters_by_id,
)
from apps.generation.views.canaries import guarded
from apps.generation.views.evidence import evidence, has_others_unmeasured, missed_of, packages_of
from apps.generation.views.guidance import guidance_banner, guidance_context
from apps.generation.views.lens import lens_view
from apps.generation.views.overrides import SIGNED_FIRST, gates_context, override_first
from apps.generation.views.questions import question_context
from apps.generation.views.voters import void_reason, voter_of
from apps.governance.closed_accounts import recorded_as
from apps.governance.http import current_user
from apps.governance.models import Ballot, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import ballots_of, can, display_name
from apps.governance.selectors.policies import policy_ruling
from apps.governance.services import ContentChanged, denial_record
from apps.governance.types import Action, Decision, Verdict
from apps.jobs.selectors import job_latest

PANES = 3
READ_AGAIN = "Below is what is there now: look at it and decide again. Your words are kept."
STEPPED_ASIDE = "You stepped aside: you have no vote on this request, whatever changes in it."


@login_required
@require_GET
def review(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    consensus = consensus_of(run)
    if consensus is None or consensus.selected_implementation_id is None:
        return redirect("generation:request-detail", request_id=run.pk)
    return render(request, "generation/review.html", _context(request, run, consensus, user))


@recorded_as("ballot.cast", "request", "request_id")
@login_required
@require_POST
@recently_authenticated
def verdict(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    consensus = consensus_of(run)
    if consensus is None:
        raise NotFound("There is nothing to vote on yet.", remedy="Wait until the request is in review.")
    shown = _reviewable(run, user)
    form = VerdictForm(
        request.POST, letters=[one.letter for one in shown], chosen=_up_for_approval(shown, consensus).letter
    )
    if not form.is_valid():
        reviewer_require(run=run, reviewer=user, is_interactive=True)
        context = {**_context(request, run, consensus, user), "form": form}
        return render(request, "generation/review.html", context, status=422)
    by_letter = {one.letter: one.candidate.pk for one in shown}
    preference = form.cleaned_data["preference"]
    try:
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
    except ContentChanged as problem:
        denial_record(error=problem, actor=user, session_key=request.session.session_key or "")
        return _to_be_read_again(request, run, user, form, problem)
    except RequirementsUnmet as problem:
        form.add_error("verdict", f"{problem.message} {problem.remedy}")
        context = {**_context(request, run, consensus, user), "form": form}
        return render(request, "generation/review.html", context, status=problem.status)
    is_recusal = form.cleaned_data["verdict"] == Verdict.RECUSE.value
    return _back(request, request_id, STEPPED_ASIDE if is_recusal else "Your verdict is recorded.")


def _to_be_read_again(
    request: HtmxRequest, run: GenerationRun, user: User, form: VerdictForm, problem: ContentChanged
) -> HttpResponse:
    """Show what is there now, with the words and ratings that were given but without the verdict."""
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    context = _context(request, run, consensus, user)
    kept = {name: value for name, value in form.cleaned_data.items() if name not in {"digest", "verdict"}}
    context["form"] = VerdictForm(
        initial={**kept, "digest": context["digest"]}, letters=context["letters"], chosen=context["chosen"].letter
    )
    context["banners"] = [("bad", f"{problem.message} {READ_AGAIN}"), *context["banners"]]
    return render(request, "generation/review.html", context, status=problem.status)


@login_required
@require_POST
def choose(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    seen = seeded(run, user)
    letters = {one.letter: one.candidate.pk for one in _shown(run, user, seen.among(candidates_of(run)))}
    letter = request.POST.get("letter", "")
    if letter not in letters:
        raise NotFound("There is no candidate with this letter.")
    if not seen.is_told:
        canary_disclose(run=run, canary_id=letters[letter])
    selection_change(request_id=run.pk, actor=user, candidate_id=letters[letter], reason=request.POST.get("reason", ""))
    return _back(request, request_id, f"{letter} is up for approval now; verdicts on the other one are void.")


@login_required
@require_POST
def review_override(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Sign first for a failed gate of what is up for approval; what cannot be signed comes back with its words."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    refused = override_first(request, request_id)
    if refused is None:
        return _back(request, request_id, SIGNED_FIRST)
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    context = _context(request, run, consensus, user) | {"refused": refused}
    return render(request, "generation/review.html", context, status=422)


@login_required
@require_POST
def review_measure(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    gates_ask(request_id=request_id, actor=current_user(request), everyone="everyone" in request.POST)
    return _back(request, request_id, "It is being measured. Reload the page in a moment.")


@login_required
@require_POST
def refreeze(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    policy_refreeze(request_id=run.pk, actor=user, reason=request.POST.get("reason", ""), is_interactive=True)
    return _back(request, request_id, "The policy that rules now applies; verdicts cast before are void.")


def _back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    return notify(request, redirect_after(request, reverse("generation:review", args=[request_id])), text)


def _reviewable(run: GenerationRun, user: User) -> list[Lettered]:
    return _shown(run, user, seeded(run, user).among(candidates_of(run)))


def _shown(run: GenerationRun, user: User, candidates: Sequence[Candidate]) -> list[Lettered]:
    return [one for one in lettered(run, user, candidates) if one.candidate.state in REVIEWABLE]


def _up_for_approval(shown: Sequence[Lettered], consensus: CodeGenerationConsensus) -> Lettered:
    return next(one for one in shown if one.candidate.implementation_id == consensus.selected_implementation_id)


def _context(
    request: HtmxRequest, run: GenerationRun, consensus: CodeGenerationConsensus, user: User
) -> dict[str, Any]:
    candidates = candidates_of(run)
    seen = seeded(run, user)
    shown = _shown(run, user, seen.among(candidates))
    by_id = letters_by_id(shown, candidates)
    chosen = _up_for_approval(shown, consensus)
    workspace = workspace_open(run)
    modules = {one.letter: candidate_module(workspace, one.candidate) for one in shown}
    panes = _wanted(request, shown, chosen)
    subject = review_subject(run=run)
    decision = review_decision(run=run)
    is_visible = models_are_visible(run, user)
    voter = voter_of(run, user, subject)
    letters = [one.letter for one in shown]
    ballots = _ballots(run, is_visible=is_visible, letters=by_id, digest=subject.digest if voter.is_open else "")
    requirements = _requirements(run, chosen, shown, user)
    lens = lens_view(request.GET, workspace, panes, modules, is_visible=is_visible)
    guidance = guidance_context(run, user)
    context = {
        **requirements,
        **guidance,
        "run": run,
        "consensus": consensus,
        "details": consensus.voting_details or {},
        "banners": [
            ("info", agreement_banner(consensus)),
            ("warn", examples_banner(chosen, shown)),
            ("warn", guidance_banner(chosen.candidate, len(guidance["guidance"]))),
            ("warn", requirements["hindrance"]),
        ],
        "agreement": agreement_tally(consensus, chosen, by_id),
        "letters": letters,
        "chosen": chosen,
        "lens": lens.context,
        "panes": [
            lens.narrowed(_pane(one, workspace, modules[one.letter], chosen, is_visible=is_visible)) for one in panes
        ],
        "notes": [(one.letter, one.candidate.note) for one in shown if one.candidate.note and is_visible],
        "pane_letters": [one.letter for one in panes],
        "checks": evidence(shown, modules, is_timed=workspace.language.name == "python"),
        "packages": packages_of(chosen.candidate),
        "figures": missed_of(chosen.candidate),
        "clusters": behaviour_groups(consensus, by_id),
        "decision": decision,
        "seats": _seats(decision),
        **_policy(run, user),
        "ballots": ballots,
        "ratings": [rating for row in ballots for rating in row["ratings"]],
        "rubric_columns": "|".join(["Person", "Candidate", *(f"{name}:num" for name in RUBRIC.values())]),
        **voter.context(),
        "may_choose": voter.can_act and not voter.is_aside and len(shown) > 1,
        "are_models_visible": is_visible,
        "weights": (consensus.voting_details or {}).get("weights") if is_visible else None,
        "digest": subject.digest,
        "changed_total": changed_count(workspace.files.get(run.target_path, ""), modules[chosen.letter]),
        "form": VerdictForm(initial={"digest": subject.digest}, letters=letters, chosen=chosen.letter),
        "questions": question_context(run, user, by_id, votes=voter.has_voice and not voter.is_aside),
        "trail": [
            ("Requests", reverse("generation:request-list")),
            (run.title, reverse("generation:request-detail", args=[run.pk])),
        ],
    }
    return guarded(run, seen, shown, context)


def _requirements(run: GenerationRun, chosen: Lettered, shown: Sequence[Lettered], user: User) -> dict[str, Any]:
    """Return what stands in the way of an approval, and what this person can do about it."""
    is_open = run.request.status == Status.IN_REVIEW
    gates = gates_context(candidate_sheet(run, chosen.candidate), user, is_open=is_open)
    is_unmeasured = is_open and any(gate["status"] in {"waiting", "error"} for gate in gates["gates"])
    scope = run.repository.scope
    may_measure = any(can(user, action, scope) for action in MEASURERS)
    return {
        **gates,
        "is_open": is_open,
        "hindrance": f"{chosen.letter} cannot be approved: {' and '.join(gates['blocking'])} did not pass."
        if is_open and gates["blocking"]
        else "",
        "measuring": job_latest(subject_kind=SUBJECT_KIND, subject_id=run.pk, kind=GATES_JOB)
        if is_unmeasured
        else None,
        "can_measure": is_unmeasured and may_measure,
        "can_measure_others": is_open and not is_unmeasured and may_measure and has_others_unmeasured(chosen, shown),
        "can_rewrite": is_open and bool(gates["blocking"]) and can(user, Action.SPEC_WRITE, scope),
    }


def _policy(run: GenerationRun, user: User) -> dict[str, Any]:
    """Return what rules now, and whether *user* may apply it to a request that was submitted under something else."""
    ruling = policy_ruling(run.repository.scope, run.risk_tier)
    is_later = ruling is not None and ruling != run.approval_policy and run.request.status == Status.IN_REVIEW
    may_manage = is_later and can(user, Action.POLICY_MANAGE, run.repository.scope)
    return {"ruling": ruling, "may_refreeze": may_manage}


def _wanted(request: HtmxRequest, shown: Sequence[Lettered], chosen: Lettered) -> list[Lettered]:
    """The candidates in view: those the address names, else the chosen one and the first of each other cluster."""
    named = [one for one in shown if one.letter in request.GET.get("show", "").split(",")]
    if named:
        return named[:PANES]
    first_of = {one.candidate.cluster: one for one in reversed(shown)}
    first_of[chosen.candidate.cluster] = chosen
    others = [one for one in first_of.values() if one is not chosen] or [one for one in shown if one is not chosen]
    return sorted([chosen, *others][:PANES], key=lambda one: one.letter)


def _pane(one: Lettered, workspace: Workspace, module: str, chosen: Lettered, *, is_visible: bool) -> dict[str, Any]:
    before = workspace.files.get(workspace.run.target_path, "")
    language = workspace.language.name
    title = one.candidate.model_id if is_visible else workspace.run.target_path
    is_chosen = one.letter == chosen.letter
    is_up = is_chosen and workspace.run.request.status == Status.IN_REVIEW
    return {
        "letter": one.letter,
        "title": title,
        "note": _lines(len(module.splitlines())),
        "lines": diff_lines(before, module, language) if before else code_lines(module, language),
        "state": "up for approval" if is_up else "",
        "depth": ("changed" if before else "all") if is_chosen else "",
    }


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _seats(decision: Decision) -> list[dict[str, str]]:
    filled = [{"name": one.seat.name, "state": "approved", "note": one.name} for one in decision.filled]
    aside = [{"name": name, "state": "recuse", "note": "stepped aside"} for name in decision.recused]
    return [*filled, *({"name": seat.name, "state": "waiting", "note": ""} for seat in decision.open), *aside]


def _ballots(run: GenerationRun, *, is_visible: bool, letters: dict[str, str], digest: str) -> list[dict[str, Any]]:
    """
    Verdicts so far; before a reviewer has voted they see none, so that nobody leads them.

    *digest* is what is voted on now, empty once it was decided.
    """
    if not is_visible:
        return []
    return [
        {
            "name": display_name(ballot.voter),
            "ballot": ballot,
            "void": void_reason(ballot, digest),
            "preference": letters.get(ballot.detail.get("preference", ""), ballot.detail.get("preference", "")),
            "ratings": _ratings(ballot, letters, is_void=bool(void_reason(ballot, digest))),
        }
        for ballot in ballots_of(SUBJECT_KIND, run.pk)
    ]


def _ratings(ballot: Ballot, letters: dict[str, str], *, is_void: bool) -> list[dict[str, Any]]:
    """Return the ratings of one verdict, one row for each candidate that it rates."""
    rows = [
        {
            "name": display_name(ballot.voter),
            "letter": letters.get(candidate, ""),
            "numbers": [ratings.get(criterion, "–") for criterion in RUBRIC],
            "is_void": is_void,
        }
        for candidate, ratings in ballot.detail.get("rubric", {}).items()
    ]
    return sorted(rows, key=lambda row: row["letter"])
