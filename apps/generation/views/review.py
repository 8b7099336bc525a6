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
from apps.core.highlighting import changed_count
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.forms import VerdictForm
from apps.generation.models import CodeGenerationConsensus, GenerationRun
from apps.generation.selectors import (
    Lettered,
    candidates_of,
    consensus_of,
    models_are_visible,
    run_get,
    seeded,
)
from apps.generation.services.canaries import canary_disclose
from apps.generation.services.discussion import issues_open
from apps.generation.services.gate_jobs import GATES_JOB, evidence_is_changing
from apps.generation.services.measuring import MEASURERS, gates_ask
from apps.generation.services.overrides import candidate_sheet
from apps.generation.services.review_subject import SUBJECT_KIND, review_subject
from apps.generation.services.reviews import policy_refreeze, review_decision, selection_change
from apps.generation.services.viewing import ticks_of
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
from apps.generation.views.files import FileList
from apps.generation.views.grafts import graft_offers, graft_origins
from apps.generation.views.guidance import guidance_banner, guidance_context
from apps.generation.views.interdiff import interdiff_context
from apps.generation.views.lens import lens_view
from apps.generation.views.overrides import SIGNED_FIRST, gates_context, override_first
from apps.generation.views.panes import panes_of, panes_wanted, view_links
from apps.generation.views.places import Place, place_of
from apps.generation.views.questions import question_context
from apps.generation.views.said import Reader
from apps.generation.views.shelves import candidates_shown, shelf_made, up_for_approval
from apps.generation.views.voters import void_reason, voter_of
from apps.governance.http import current_user
from apps.governance.models import Ballot, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import ballots_of, can, display_name
from apps.governance.selectors.policies import policy_ruling
from apps.governance.types import Action, Decision
from apps.jobs.selectors import job_latest

STILL_CHANGING = (
    "Candidates are being checked or measured. Nobody approves before that is done; reload the page in a moment."
)


@login_required
@require_GET
def review(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    consensus = consensus_of(run)
    if consensus is None or consensus.selected_implementation_id is None:
        return redirect("generation:request-detail", request_id=run.pk)
    return render(request, "generation/review.html", review_context(request, run, consensus, user))


@login_required
@require_POST
def choose(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    seen = seeded(run, user)
    letters = {one.letter: one.candidate.pk for one in candidates_shown(run, user, seen.among(candidates_of(run)))}
    letter = request.POST.get("letter", "")
    if letter not in letters:
        raise NotFound("There is no candidate with this letter.")
    if not seen.is_told:
        canary_disclose(run=run, canary_id=letters[letter])
    selection_change(request_id=run.pk, actor=user, candidate_id=letters[letter], reason=request.POST.get("reason", ""))
    return review_back(request, request_id, f"{letter} is up for approval now; verdicts on the other one are void.")


@login_required
@require_POST
@recently_authenticated
def review_override(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Sign first for a failed gate of what is up for approval; what cannot be signed comes back with its words."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    refused = override_first(request, request_id)
    if refused is None:
        return review_back(request, request_id, SIGNED_FIRST)
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    context = review_context(request, run, consensus, user) | {"refused": refused}
    return render(request, "generation/review.html", context, status=422)


@login_required
@require_POST
def review_measure(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    gates_ask(request_id=request_id, actor=current_user(request), everyone="everyone" in request.POST)
    return review_back(request, request_id, "It is being measured. Reload the page in a moment.")


@login_required
@require_POST
@recently_authenticated
def refreeze(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    policy_refreeze(request_id=run.pk, actor=user, reason=request.POST.get("reason", ""), is_interactive=True)
    return review_back(request, request_id, "The policy that rules now applies; verdicts cast before are void.")


def review_back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    return notify(request, redirect_after(request, reverse("generation:review", args=[request_id])), text)


def review_context(
    request: HtmxRequest,
    run: GenerationRun,
    consensus: CodeGenerationConsensus,
    user: User,
    *,
    place: Place | None = None,
) -> dict[str, Any]:
    """Return all that the page shows *user*, at *place* or where the address says."""
    candidates = candidates_of(run)
    seen = seeded(run, user)
    shown = candidates_shown(run, user, seen.among(candidates))
    by_id = letters_by_id(shown, candidates)
    chosen = up_for_approval(shown, consensus)
    shelf = shelf_made(run, shown, chosen)
    workspace, modules, place = shelf.workspace, shelf.modules, place_of(request.GET) if place is None else place
    wanted = panes_wanted(place, shown, chosen)
    subject = review_subject(run=run)
    decision = review_decision(run=run)
    is_visible = models_are_visible(run, user)
    voter = voter_of(run, user, subject)
    can_tick = voter.can_act and not voter.is_aside
    issues = len(issues_open(run, chosen.candidate.pk))
    files = FileList(shelf, ticks_of(run, user) if can_tick else None, issues, is_guarded=seen.is_guarded)
    path = files.path_at(place)
    lens = lens_view(request.GET, workspace, wanted, modules, is_visible=is_visible)
    panes = panes_of(shelf, wanted, lens, path=path, letters=files.letters_at(path), place=place, is_visible=is_visible)
    letters = [one.letter for one in shown]
    ballots = _ballots(run, is_visible=is_visible, letters=by_id, digest=subject.digest if voter.is_open else "")
    requirements = _requirements(run, chosen, shown, user)
    listed = files.context(place)
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
            ("warn", STILL_CHANGING if requirements["is_open"] and evidence_is_changing(run) else ""),
        ],
        "agreement": agreement_tally(consensus, chosen, by_id, is_visible=is_visible),
        "letters": letters,
        "chosen": chosen,
        "lens": lens.context,
        "files": listed,
        "panes": [{**pane, "tick": files.tick(pane["letter"], path)} for pane in panes],
        "said": Reader(run, user, shelf, place, reads_others=is_visible).context(),
        "views": view_links(place, shown, wanted, chosen),
        "notes": [(one.letter, one.candidate.note) for one in shown if one.candidate.note and is_visible],
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
        "graft_offers": lambda: graft_offers(shown, modules, chosen),
        "origins": graft_origins([one.candidate for one in shown], by_id),
        "interdiff": interdiff_context(workspace, user, chosen.candidate, subject.digest, by_id)
        if requirements["is_open"]
        else None,
        "may_choose": voter.can_act and not voter.is_aside and len(shown) > 1,
        "are_models_visible": is_visible,
        "weights": (consensus.voting_details or {}).get("weights") if is_visible else None,
        "digest": subject.digest,
        "changed_total": changed_count(workspace.files.get(run.target_path, ""), modules[chosen.letter]),
        "form": VerdictForm(
            initial={"digest": subject.digest}, letters=letters, chosen=chosen.letter, waiting=listed["waiting"]
        ),
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
