"""
The way of one request from the queue to the reviewers.

Each stage looks at what is there before it works, so the job may be killed at any instant and started again.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NofxError
from apps.generation.engine.consensus import NOTHING_COMPARED
from apps.generation.engine.specification import analyse
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.asking import candidates_ask
from apps.generation.services.canaries import canary_plant
from apps.generation.services.candidates import (
    Workspace,
    candidates_plan,
    duplicates_mark,
    outdated_mark,
)
from apps.generation.services.checking import candidates_check
from apps.generation.services.consensus import consensus_decide, is_decided, outcomes_keep, reduction_keep
from apps.generation.services.conversions import conversions_add
from apps.generation.services.guidance import UNDER_WAY, as_asked, guidance_version
from apps.generation.services.hybrid import hybrid_add
from apps.generation.services.joined import candidates_examine
from apps.generation.services.moves import move_announce
from apps.generation.services.permits import run_permit, run_require_allowed
from apps.generation.services.planning import repository_files
from apps.generation.services.profiling import profiles_keep
from apps.generation.services.requirement_gates import gates_measure
from apps.generation.services.reverts import reverts_record
from apps.generation.services.review_subject import review_digest
from apps.generation.services.rounds import NOTHING_TRIED, Trial, further_plan, trial_run
from apps.generation.services.stages import stage_enter, stage_leave, stages_reopen, status_change
from apps.generation.services.weights import task_family
from apps.generation.types import RequestStatus as Status
from apps.jobs.services import JobRun
from apps.providers.selectors import providers_enabled
from apps.providers.services import calls_abandon

State = Candidate.State
USABLE = (State.WRITTEN, State.CHECKED, State.EXECUTED)


class NothingUsable(NofxError):
    """No provider gave code that can be reviewed."""

    code = "generation.nothing_usable"
    status = 422


def run_generate(*, job: JobRun, request_id: UUID) -> None:
    """
    Take a request through generation, checks and consensus to the reviewers; one that is there stays as it is.

    :raises GenerationRefused: it is suspended, or no rung of the ladder opens it any more.
    :raises NothingUsable: no candidate can be reviewed.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    :raises StateChanged: somebody stopped the request.
    :raises JobCancelled: somebody asked the job to stop.
    """
    run = GenerationRun.objects.select_related("request", "repository__scope", "requester").get(pk=request_id)
    if run.request.status not in {*UNDER_WAY, Status.FAILED, Status.CANCELLED}:
        return  # A worker died between handing the request over and saying so.
    run_require_allowed(run, action="generation.start")
    reverts_record(repository=run.repository)
    while not _brought_to_review(job, run):
        stages_reopen(run=run, stage="generating")


def _brought_to_review(job: JobRun, run: GenerationRun) -> bool:
    """Return whether *run* is in review now; it is not when guidance was added meanwhile."""
    workspace = workspace_open(run)
    consensus = CodeGenerationConsensus.objects.filter(request=run.request).first()
    if consensus is None or not is_decided(consensus, workspace.guidance):
        trial = _convincing(job, workspace)
        if trial is None:
            return False
        _decide(job, workspace, trial)
    candidates_examine(job, workspace)
    gates_measure(workspace)
    job.raise_if_cancelled()
    run_require_allowed(run, action="generation.review")
    return _hand_over(job, workspace)


def _convincing(job: JobRun, workspace: Workspace) -> Trial | None:
    """
    Ask, check and run; and ask again for as long as that does not convince and settings allow it.

    None when guidance was added meanwhile, so that it is to be begun anew.

    :raises NothingUsable: no candidate can be reviewed.
    """
    run = workspace.run
    while True:
        refused = _generate(job, run, workspace)
        trial = _try(job, workspace) if _usable(run) else NOTHING_TRIED
        if conversions_add(workspace=workspace, trial=trial):
            stages_reopen(run=run, stage="checking")
            trial = _try(job, workspace)
        if guidance_version(run) != workspace.guidance:
            return None
        if refused or not further_plan(workspace=workspace, trial=trial):
            _require_usable(run, refused)
            return trial
        stages_reopen(run=run, stage="generating")


def workspace_open(run: GenerationRun) -> Workspace:
    """Return what the candidates of *run* are put together with, as it was when the request was frozen."""
    files = repository_files(run.repository, run.base_sha)
    symbols = [str(item["name"]) for item in run.request.context_snapshot.get("symbols", [])]
    specification = analyse(
        run.request.specification, title=run.title, known_symbols=symbols, target_path=run.target_path
    )
    return Workspace(run, as_asked(specification, run), files)


def _generate(job: JobRun, run: GenerationRun, workspace: Workspace) -> str:
    """Ask everybody who is planned and has not answered; return the words of a budget that refused, "" if none did."""
    permit = run_permit(run, providers_enabled(), action="generation.ask")
    status_change(run=run, allowed=UNDER_WAY, to=Status.GENERATING)
    stage_leave(run=run, stage="queued")
    stage_enter(run=run, stage="generating")
    candidates = candidates_plan(
        run=run, providers=permit.providers, left_out=permit.left_out, guidance=workspace.guidance
    )
    if not candidates and not _usable(run):
        raise NothingUsable(
            "No provider is switched on, so nobody could be asked.", remedy="Ask an administrator to switch one on."
        )
    if not permit.providers and permit.left_out:
        raise NothingUsable(
            f"Nobody may be asked for this. {permit.left_out[0][1]}",
            remedy="Look at the reasons beside the candidates, and start the request again once they are gone.",
        )
    refused = candidates_ask(job, workspace, candidates)
    duplicates = duplicates_mark(run=run)
    note = _generated(_usable(run), duplicates, candidates)
    stage_leave(
        run=run,
        stage="generating",
        evidence_count=len(candidates),
        note=f"{note}. {refused}" if refused else note,
    )
    return refused


def _usable(run: GenerationRun) -> int:
    return Candidate.objects.filter(request=run.request, state__in=USABLE).count()


def _require_usable(run: GenerationRun, refused: str) -> None:
    """
    Return when there is a program that reviewers can look at; *refused* are the words of a budget.

    :raises NothingUsable: there is none.
    """
    if _usable(run):
        return
    if refused:
        raise NothingUsable(
            f"No provider had an answer, and a budget kept others from being asked. {refused}",
            remedy="Start the request again once the budget allows it.",
        )
    if not Candidate.objects.filter(request=run.request).exclude(state=State.UNAVAILABLE).exists():
        raise NothingUsable(
            "No provider had an answer.",
            remedy=f"Look at the reasons beside the candidates. {_what_helps(run.request.target_language)}",
        )
    raise NothingUsable(
        "None of the answers is code that can be run.",
        remedy="Look at the reasons beside the candidates, change the specification, and submit it again.",
    )


def _generated(usable: int, duplicates: int, candidates: list[Candidate]) -> str:
    copies = f", {duplicates} the same as another" if duplicates else ""
    asked = sum(one.provider_id is not None for one in candidates)
    return f"{asked} asked, {usable} usable and different{copies}"


def _check(job: JobRun, run: GenerationRun, workspace: Workspace) -> None:
    status_change(run=run, allowed=UNDER_WAY, to=Status.CHECKING)
    stage_enter(run=run, stage="checking")
    job.progress("checking")
    results = candidates_check(run=run, workspace=workspace)
    outdated_mark(run=run, guidance=workspace.guidance)
    job.raise_if_cancelled()
    stage_leave(run=run, stage="checking", evidence_count=results, note=workspace.language.checked)


def _what_helps(language: str) -> str:
    asking = "an administrator fetches a local model or switches an endpoint on."
    if language == "python":
        return f"Examples help the built-in providers; for anything else {asking}"
    return f"The built-in providers write Python only; for other languages {asking}"


def _try(job: JobRun, workspace: Workspace) -> Trial:
    run = workspace.run
    _check(job, run, workspace)
    status_change(run=run, allowed=UNDER_WAY, to=Status.CONSENSUS)
    stage_enter(run=run, stage="consensus")
    job.progress("consensus")

    def announce(executions: int, of: int) -> None:
        job.raise_if_cancelled()
        job.progress("consensus", executions=executions, of=of)

    return trial_run(workspace, announce)


def _decide(job: JobRun, workspace: Workspace, trial: Trial) -> None:
    run, candidates, inputs, observations = workspace.run, trial.candidates, trial.inputs, trial.observations
    added = hybrid_add(workspace=workspace, candidates=candidates, observations=observations, inputs=inputs)
    if added:
        candidates, observations = [*candidates, added[0]], [*observations, added[1]]
    outcomes_keep(candidates=candidates, observations=observations, inputs=inputs, workspace=workspace)
    profiles_keep(candidates=candidates, inputs=inputs, workspace=workspace)
    job.raise_if_cancelled()
    consensus = consensus_decide(
        run=run,
        candidates=candidates,
        observations=observations,
        inputs=inputs,
        family=task_family(workspace.specification),
        guidance=workspace.guidance,
    )
    reduction_keep(run=run, consensus=consensus, candidates=candidates, observations=observations, inputs=inputs)
    canary_plant(
        workspace=workspace, consensus=consensus, candidates=candidates, observations=observations, inputs=inputs
    )
    executions = len(candidates) * len(inputs)
    programs_run = "1 program" if len(candidates) == 1 else f"{len(candidates)} programs"
    note = f"{programs_run} on {len(inputs)} inputs" if inputs else NOTHING_COMPARED
    stage_leave(run=run, stage="consensus", evidence_count=executions, note=note)


@transaction.atomic
def _hand_over(job: JobRun, workspace: Workspace) -> bool:
    """Bring the request before its reviewers, unless guidance was added that nobody has read; return whether it is."""
    run = workspace.run
    CodeGenerationRequest.objects.select_for_update().get(pk=run.pk)
    if guidance_version(run) != workspace.guidance:
        return False
    stage_leave(run=run, stage="consensus")
    status_change(run=run, allowed=UNDER_WAY, to=Status.IN_REVIEW)
    stage_enter(run=run, stage="review")
    GenerationRun.objects.filter(pk=run.pk).update(review_digest=review_digest(run=run))
    job.progress("review")
    return True


@transaction.atomic
def run_end(*, request_id: UUID, status: Status, failure: str = "", remedy: str = "") -> None:
    """
    Record that a run ended early, and that nobody waits for its models any more.

    A request that reached its reviewers or ended already stays as it is.
    """
    calls_abandon(subject_kind="request", subject_id=request_id)
    moved = CodeGenerationRequest.objects.filter(pk=request_id, status__in=UNDER_WAY).update(status=status)
    if moved:
        GenerationRun.objects.filter(pk=request_id).update(failure=failure, remedy=remedy, state_changed_at=now())
        move_announce(request_id, status)
