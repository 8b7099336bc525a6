"""Requests: the list, and one request's progress from the queue to the merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.checks.types import subject_of
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.generation.engine.trace import HEADER
from apps.generation.event_log import Show
from apps.generation.models import Candidate, GenerationRun, PullRequest
from apps.generation.selectors import (
    Lettered,
    candidates_of,
    consensus_of,
    lettered,
    models_are_visible,
    run_get,
    runs_readable,
    runs_waiting_for,
    seeded,
)
from apps.generation.services.asking_again import ASKED_AGAIN
from apps.generation.services.attempts import attempts_raise
from apps.generation.services.delivery import pull_request_merge, push_repeat
from apps.generation.services.guidance import UNDER_WAY, GuidanceRefused, GuidanceTooLate, guidance_add
from apps.generation.services.overrides import pull_request_sheet
from apps.generation.services.questions import has_question
from apps.generation.services.retries import WayOn, request_retry, way_on
from apps.generation.services.review_subject import REVIEWABLE, SUBJECT_KIND, merge_refused
from apps.generation.services.stages import ENDED, StateChanged
from apps.generation.services.trace import trace_of
from apps.generation.services.withdrawal import MAX_REASON, is_withdrawn, may_withdraw, request_withdraw
from apps.generation.stuck import stuck_of
from apps.generation.types import RequestStatus as Status
from apps.generation.views.agreement import is_compared, standing_words
from apps.generation.views.answer_bars import answers_by_model
from apps.generation.views.context import context_view
from apps.generation.views.costs import Costs, cost_words, costs_of
from apps.generation.views.direct import request_tabs
from apps.generation.views.guidance import ASKED_AGAIN_TOLD, READ_LATER_TOLD, guidance_context
from apps.generation.views.limits import limits_context
from apps.generation.views.overrides import SIGNED_FIRST, gates_context, override_first
from apps.generation.views.progress import (
    FAILED_AT,
    first_error,
    log_context,
    pace_context,
    show_wanted,
    stage_rail,
    watch_context,
)
from apps.governance.downloads import table_download
from apps.governance.http import current_user
from apps.governance.models import User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import can
from apps.governance.selectors.attestation import attestation_of
from apps.governance.services import NotAllowed
from apps.governance.types import Action, Condition
from apps.jobs.services import job_cancel
from apps.providers.selectors import calls_of

PAGE_SIZE = 50
COUNTS_WAIT = "Candidates are shown on the review page only until your verdict, since one may be wrong on purpose."


@login_required
@require_GET
def request_list(request: HtmxRequest) -> HttpResponse:
    runs = runs_readable(current_user(request))
    state = request.GET.get("state", "")
    if state in set(Status):
        runs = runs.filter(request__status=state)
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "waiting": runs_waiting_for(current_user(request))[:10],
        "states": [(one.value, one.label) for one in Status],
        "state": state,
        "tabs": request_tabs("requests"),
    }
    return render(request, "generation/request_list.html", context)


@login_required
@require_GET
def request_detail(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run = run_get(user=current_user(request), request_id=request_id)
    return render_page(
        request,
        "generation/request_detail.html",
        _context(run, current_user(request), show_wanted(request)),
        fragment="generation/_progress.html",
    )


@login_required
@require_GET
def request_trace(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run = run_get(user=current_user(request), request_id=request_id)
    if seeded(run, current_user(request)).is_guarded:
        raise NotAllowed(COUNTS_WAIT)
    rows = trace_of(run=run, user=current_user(request), candidates=candidates_of(run))
    table = [(*HEADER, "holes"), *((*row.cells(), " ".join(row.holes)) for row in rows)]
    return table_download(request, f"requirements-{run.pk.hex[:12]}.csv", table, scope=run.repository.scope)


@login_required
@require_POST
def request_stop(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run = run_get(user=current_user(request), request_id=request_id)
    if run.job_id:
        job_cancel(job_id=run.job_id, actor=current_user(request))
    return _back(request, request_id, "Stopping. What was made so far is kept.")


@login_required
@require_POST
def request_take_back(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    request_withdraw(request_id=request_id, actor=current_user(request), reason=request.POST.get("reason", ""))
    return _back(request, request_id, "The request is withdrawn. Its reviewers are told.")


@login_required
@require_POST
def request_again(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    request_retry(request_id=request_id, actor=current_user(request))
    return _back(request, request_id, "Started again from where it stood.")


@login_required
@require_POST
def request_guide(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Add guidance; what cannot be added comes back with its words."""
    run = run_get(user=current_user(request), request_id=request_id)
    text = request.POST.get("text", "")
    try:
        guidance_add(request_id=request_id, actor=current_user(request), text=text)
    except (GuidanceRefused, GuidanceTooLate, StateChanged) as problem:
        refused = {"guidance_refused": f"{problem.message} {problem.remedy}", "guidance_text": text}
        context = _context(run, current_user(request)) | refused
        return render_page(request, "generation/request_detail.html", context, status=problem.status)
    told = ASKED_AGAIN_TOLD if run.request.status in ASKED_AGAIN else READ_LATER_TOLD
    return _back(request, request_id, told)


@login_required
@require_POST
def request_raise(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    attempts = attempts_raise(request_id=request_id, actor=current_user(request))
    return _back(request, request_id, f"The limit is {attempts.raised} answers now. Models are asked again.")


@login_required
@require_POST
def request_merge(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    pull_request_merge(request_id=request_id, actor=current_user(request), is_interactive=True)
    return _back(request, request_id, "Merged.")


@login_required
@require_POST
@recently_authenticated
def request_override(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Sign first for a failed gate; what cannot be signed comes back with its words."""
    run = run_get(user=current_user(request), request_id=request_id)
    refused = override_first(request, request_id)
    if refused is None:
        return _back(request, request_id, SIGNED_FIRST)
    context = _context(run, current_user(request)) | {"refused": refused}
    return render_page(request, "generation/request_detail.html", context, status=422)


@login_required
@require_POST
def request_push(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    push_repeat(request_id=request_id, actor=current_user(request))
    return _back(request, request_id, "The branch is pushed.")


def _back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    response = redirect_after(request, reverse("generation:request-detail", args=[request_id]))
    return notify(request, response, text)


def _context(run: GenerationRun, user: User, show: Show = Show.MILESTONES) -> dict[str, Any]:
    candidates = candidates_of(run)
    is_open = models_are_visible(run, user)
    consensus = consensus_of(run)
    pull_request = PullRequest.objects.filter(request_id=run.pk).select_related("merged_by", "candidate").first()
    gates = _gates(run, pull_request, user) if pull_request else {"blocking": []}
    status = run.request.status
    seen = seeded(run, user)
    calls = list(calls_of(subject_kind=SUBJECT_KIND, subject_id=run.pk)) if is_open else []
    costs = costs_of(calls)
    shown = [
        one
        for one in lettered(run, user, seen.among(candidates))
        if not (seen.is_guarded or (seen.canary and one.candidate.pk == seen.canary.pk))
    ]
    return {
        **gates,
        "run": run,
        "stages": stage_rail(run, has_notes=not seen.is_guarded),
        "first_error": first_error(run, candidates) if is_open else "",
        **pace_context(run, is_active=status in UNDER_WAY),
        "stuck": stuck_of(run, [] if seen.is_guarded else candidates),
        "log": lambda: log_context(run, user, show),
        "audit_address": _audit_address(run, user),
        "counts_wait": COUNTS_WAIT if seen.is_guarded else "",
        "nobody_asked": not candidates,
        "rows": [_row(one, is_open=is_open, is_compared=is_compared(consensus), costs=costs) for one in shown],
        "answers": answers_by_model([one.candidate for one in shown]) if is_open else [],
        "are_models_visible": is_open,
        "consensus": consensus,
        "standing": standing_words(consensus) if consensus else "",
        "pull_request": pull_request,
        **_signed(run, pull_request, user),
        "calls": calls,
        "own_draft": run.draft_id if run.requester_id == user.pk else None,
        "is_active": status in UNDER_WAY,
        "is_still": status in {*ENDED, Status.DELIVERED},
        **watch_context(run, user),
        **guidance_context(run, user),
        **limits_context(run, user, [] if seen.is_guarded else candidates),
        **_ways(run, user, candidates, is_blocked=bool(gates["blocking"])),
        "can_merge": pull_request is not None and not merge_refused(run, user),
        "frozen": lambda: context_view(run.request.context_snapshot),
        "trace": lambda: () if seen.is_guarded else trace_of(run=run, user=user, candidates=candidates),
        "trail": [("Requests", reverse("generation:request-list"))],
    }


def _audit_address(run: GenerationRun, user: User) -> str:
    """Return where *user* reads what the audit chain has about *run*; "" where they may not."""
    met = [Condition.OWN] if run.requester_id == user.pk else []
    if not can(user, Action.AUDIT_READ, run.repository.scope, met=met):
        return ""
    return f"{reverse('governance:audit-list')}?object_kind={SUBJECT_KIND}&object_id={run.pk}"


def _ways(run: GenerationRun, user: User, candidates: Sequence[Candidate], *, is_blocked: bool) -> dict[str, Any]:
    """Return which ways on from here *user* has."""
    scope, status = run.repository.scope, run.request.status
    is_own = run.requester_id == user.pk
    may_write = can(user, Action.SPEC_WRITE, scope)
    is_stuck = status in FAILED_AT or (status == Status.APPROVED and bool(run.failure))
    way = way_on(run, candidates) if is_stuck else None
    # What was delivered may conflict with what the branch became; whoever asked for it knows.
    may_begin_anew = is_own and status == Status.DELIVERED
    return {
        "can_stop": can(user, Action.REQUEST_STOP, scope, met=[Condition.OWN] if is_own else []),
        "can_withdraw": status == Status.IN_REVIEW and may_withdraw(run, user),
        "most_of_a_reason": MAX_REASON,
        "is_withdrawn": is_withdrawn(run),
        "can_retry": may_write and way is WayOn.START_AGAIN,
        "can_rewrite": may_write and (status in FAILED_AT or is_blocked or may_begin_anew),
        "is_rewrite_next": way is WayOn.CHANGE_SPECIFICATION or is_blocked,
        "can_set_providers": way is WayOn.PROVIDER_SETTINGS and user.is_staff and can(user, Action.MODELS_MANAGE, None),
        "leads_to_question": is_own and may_write and status == Status.IN_REVIEW and has_question(run),
        "leads_to_review": status == Status.IN_REVIEW and can(user, Action.VERDICT_VOTE, scope) and not is_own,
    }


def _gates(run: GenerationRun, pull_request: PullRequest, user: User) -> dict[str, Any]:
    pull_request.request.run = run
    is_open = pull_request.state == PullRequest.State.OPEN
    return gates_context(pull_request_sheet(pull_request), user, is_open=is_open)


def _signed(run: GenerationRun, pull_request: PullRequest | None, user: User) -> dict[str, Any]:
    """Return what was signed about a merge, and whether *user* may take its evidence away."""
    if pull_request is None or not pull_request.merge_sha:
        return {}
    met = [Condition.OWN] if run.requester_id == user.pk else []
    return {
        "attestation": attestation_of(SUBJECT_KIND, run.pk),
        "may_take_evidence": can(user, Action.AUDIT_READ, run.repository.scope, met=met),
    }


def _row(one: Lettered, *, is_open: bool, is_compared: bool, costs: Costs) -> dict[str, Any]:
    candidate = one.candidate
    state = Candidate.State(candidate.state)
    # Where there was no input, what was only checked must not be called executed.
    is_only_checked = state is Candidate.State.EXECUTED and not is_compared
    shown = Candidate.State(Candidate.State.CHECKED if is_only_checked else state)
    return {
        "letter": one.letter,
        "candidate": candidate,
        "is_reviewable": candidate.state in REVIEWABLE,
        "model": candidate.model_id if is_open else "",
        "cost": cost_words(candidate, costs),
        "checks": {subject_of(check["tool"]): check for check in candidate.checks},
        "state": STATE_LOOKS[state],
        "state_word": shown.label.lower(),
    }


STATE_LOOKS = {
    Candidate.State.ASKED: "queued",
    Candidate.State.UNAVAILABLE: "error",
    Candidate.State.UNPARSABLE: "failed",
    Candidate.State.DUPLICATE: "skipped",
    Candidate.State.WRITTEN: "running",
    Candidate.State.CHECKED: "passed",
    Candidate.State.EXECUTED: "passed",
    Candidate.State.OUTDATED: "skipped",
}
