"""How far a request is: its stages, what is ahead of it, how long it will take, and the log of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, wants_fragment
from apps.core.streaming import stream_file
from apps.generation.event_log import LogLine, Show, log_as_json_lines, log_of
from apps.generation.models import Candidate, GenerationRun
from apps.generation.pace import pace_of, queue_words
from apps.generation.selectors import models_are_visible, run_get, seeded
from apps.generation.services.stages import ENDED, STAGES
from apps.generation.services.watching import is_watching, watch_begin, watch_end
from apps.generation.types import RequestStatus as Status
from apps.governance.http import current_user
from apps.governance.models import User
from apps.governance.selectors.names import accounts_named

FAILED_AT = {Status.FAILED, Status.CANCELLED, Status.REJECTED}
MOST_LINES = 200
SHOWS = {Show.MILESTONES: "Milestones", Show.TOOLS: "Tools", Show.ALL: "All"}


@login_required
@require_GET
def request_log(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Answer with the log alone; without scripts, with the page that it stands in."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    show = show_wanted(request)
    if not wants_fragment(request):
        return redirect(f"{reverse('generation:request-detail', args=[run.pk])}?log={show}#log")
    return render(request, "generation/_log.html", {"run": run, "log": log_context(run, user, show)})


@login_required
@require_GET
def request_log_file(request: HtmxRequest, request_id: UUID) -> HttpResponseBase:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    lines = _lines(run, user, show_wanted(request))
    name = f"request-{run.pk.hex[:12]}.jsonl"
    return stream_file(request, log_as_json_lines(lines), name=name, content_type="application/x-ndjson")


@login_required
@require_POST
def request_watch(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Watch the request, or watch it no more."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    is_wanted = request.POST.get("watch") == "yes"
    if is_wanted:
        watch_begin(run=run, user=user)
    else:
        watch_end(run=run, user=user)
    told = "You will hear how this request ends." if is_wanted else "You watch this request no more."
    return notify(request, redirect_after(request, reverse("generation:request-detail", args=[run.pk])), told)


def watch_context(run: GenerationRun, user: User) -> dict[str, bool]:
    """Return whether *user* watches *run*, and whether they can: its requester hears of its end anyhow."""
    can_watch = run.requester_id != user.pk and run.request.status not in ENDED
    return {"can_watch": can_watch, "is_watching": can_watch and is_watching(run, user)}


def show_wanted(request: HtmxRequest) -> Show:
    """Return which lines of the log the address asks for; milestones where it says nothing that there is."""
    wanted = request.GET.get("log", "")
    return Show(wanted) if wanted in set(Show) else Show.MILESTONES


def log_context(run: GenerationRun, user: User, show: Show) -> dict[str, Any]:
    """Return the newest lines of the log, oldest first, and the ways to other ones."""
    lines = _lines(run, user, show)
    other = Show.MILESTONES if show is Show.ALL else Show.ALL
    return {
        "lines": lines[-MOST_LINES:],
        "left_out": max(0, len(lines) - MOST_LINES),
        "show": show,
        "shows": [
            {
                "label": label,
                "url": f"?log={one}#log",
                "is_current": one is show,
                "key": "a" if one is other else "",
            }
            for one, label in SHOWS.items()
        ],
    }


def _lines(run: GenerationRun, user: User, show: Show) -> list[LogLine]:
    return log_of(
        run,
        show=show,
        are_models_visible=models_are_visible(run, user),
        has_counts=not seeded(run, user).is_guarded,
    )


def pace_context(run: GenerationRun, *, is_active: bool) -> dict[str, Any]:
    """Return what is ahead of *run* and how long others took; nothing where it has ended. At most two queries."""
    if not is_active:
        return {}
    pace = pace_of(run.repository)
    if pace is None:
        words = "No history yet of how long it takes here."
    else:
        words = f"Usually {duration(pace.low)} to {duration(pace.high)} until the review (n = {pace.count})."
    return {"queue": queue_words(run), "pace": words}


def first_error(run: GenerationRun, candidates: Sequence[Candidate]) -> str:
    """Return what went wrong first where *run* failed before its review; "" where nothing did, or nothing else."""
    if run.request.status != Status.FAILED:
        return ""
    return next((one.reason for one in candidates if one.reason), "")


def stage_rail(run: GenerationRun, *, has_notes: bool = True) -> list[dict[str, Any]]:
    """Return the stages of a run as the rail shows them; what was found in each stage only where it *has_notes*."""
    records = {record.stage: record for record in run.stages.all()}
    told = accounts_named(record.note for record in records.values())
    is_over = run.request.status in FAILED_AT
    reached = [name for name, _ in STAGES if name in records]
    rail = []
    for number, (name, label) in enumerate(STAGES, 1):
        record = records.get(name)
        is_end = is_over and name == reached[-1]
        if record is None:
            state, note = ("skipped" if is_over else "waiting"), ""
        elif record.finished_at is None:
            state, note = ("failed" if is_end else "current"), ""
        else:
            seconds = (record.finished_at - record.started_at).total_seconds()
            state = "failed" if is_end else "done"
            note = f"{duration(seconds)} · {told(record.note)}" if record.note and has_notes else duration(seconds)
        stage = {"name": name, "label": label, "state": state, "note": note, "record": record}
        rail.append({**stage, "url": f"#stage-{name}" if record else "", "key": str(number) if record else ""})
    if run.request.status == Status.OBSERVED:
        rail[-1] = {**rail[-1], "state": "done", "note": "merged"}
    return rail


def duration(seconds: float) -> str:
    """Return a duration as people read it."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{round(seconds / 60)} min"
