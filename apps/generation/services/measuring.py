"""Measure again what is asked of a candidate in review, after it, the choice or what is asked changed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.gate_jobs import gates_enqueue
from apps.generation.services.joined import figures_due, figures_measure
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.requirement_gates import gates_are_measured, gates_measure, is_measured_at_once
from apps.generation.services.review_subject import (
    REVIEWABLE,
    review_digest,
    review_digest_keep,
    selected_candidate,
)
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import NotAllowed
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.jobs.services import JobRun

# Another choice while it measures asks for the same job, which then has that to measure as well.
ROUNDS = 3
VOID_REASON = "What is asked of the candidate was measured again."
MEASURERS = (Action.VERDICT_VOTE, Action.SPEC_WRITE, Action.CHECK_OVERRIDE)


def gates_renew(*, workspace: Workspace, actor: User | None) -> None:
    """
    Measure what is asked again, within the caller's transaction; a job does it, and measures figures that nobody asked
    for, where tests have to be run.

    The caller keeps the digest of the review. Until the job is done nothing can be approved.
    """
    run = workspace.run
    if is_measured_at_once(run):
        gates_measure(workspace)
    chosen = selected_candidate(run=run)
    if figures_due(run, chosen) or not gates_are_measured(run, chosen):
        gates_enqueue(run.pk, actor)


@transaction.atomic
def gates_ask(*, request_id: UUID, actor: User, everyone: bool = False) -> Job:
    """
    Have what is asked of the candidates measured again; what was measured is left alone.

    With *everyone* the tests of each candidate are run. Figures are part of what is voted on: new ones void verdicts.

    :raises NotAllowed: the actor neither votes here nor writes specifications nor overrides.
    """
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("request", "repository__scope__organisation").get(pk=request_id)
    if not any(can(actor, action, run.repository.scope) for action in MEASURERS):
        raise NotAllowed("Your role measures nothing here.", remedy="Ask a reviewer or whoever asked for the code.")
    if run.request.status == Status.IN_REVIEW:
        _errors_forget(selected_candidate(run=run))
    return gates_enqueue(request_id, actor, everyone=everyone)


def _errors_forget(candidate: Candidate) -> None:
    """Count as not measured what ended in an error: it found nothing out, and nobody may override it."""
    if any(gate["status"] == "error" for gate in candidate.gates):
        kept = [check for check in candidate.checks if not ("patch" in check and check["status"] == "error")]
        Candidate.objects.filter(pk=candidate.pk).update(checks=kept, gates=[], gates_basis="")


def run_measure(*, job: JobRun, request_id: UUID, everyone: bool = False) -> None:
    """
    Measure what is asked of the candidates of a request in review. Safe to repeat; verdicts on other figures are void.

    :raises SandboxUnavailable: the tests cannot be run safely on this machine.
    """
    for _ in range(ROUNDS):
        if not review_is_open(request_id):
            break
        run = GenerationRun.objects.select_related("request", "repository__scope", "requester").get(pk=request_id)
        if not _is_due(run, selected_candidate(run=run), everyone=everyone):
            break
        job.progress("measuring")
        workspace = workspace_open(run)
        figures_measure(job, workspace, everyone=everyone)
        gates_measure(workspace, everyone=everyone)
        job.raise_if_cancelled()
    review_renew(request_id=request_id)
    job.progress("measured")


@transaction.atomic
def review_is_open(request_id: UUID) -> bool:
    """
    Return whether a request is in review, behind whoever decides about it at this moment.

    A job that asks this before it writes down what people vote on is seen by whoever approves next, who waits for it.
    """
    return CodeGenerationRequest.objects.select_for_update().get(pk=request_id).status == Status.IN_REVIEW


def _is_due(run: GenerationRun, chosen: Candidate, *, everyone: bool) -> bool:
    """Return whether something that is asked was not measured on *chosen*, or on *everyone*, as they are now."""
    candidates = Candidate.objects.filter(request_id=run.pk, state__in=REVIEWABLE) if everyone else [chosen]
    return any(figures_due(run, one) or not gates_are_measured(run, one) for one in candidates)


@transaction.atomic
def review_renew(*, request_id: UUID, reason: str = VOID_REASON) -> None:
    """Void the verdicts on what is no longer there, when something changed."""
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("request").get(pk=request_id)
    if run.request.status != Status.IN_REVIEW:
        return
    digest = review_digest(run=run)
    if digest != run.review_digest:
        review_digest_keep(run, digest, reason)
