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
from apps.generation.engine.context import prompt_context
from apps.generation.engine.prompts import build_messages
from apps.generation.engine.specification import analyse
from apps.generation.gateways.observing import observe
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.answers import with_answers
from apps.generation.services.candidates import (
    Workspace,
    asked,
    candidate_unavailable,
    candidate_write,
    candidates_plan,
    duplicates_mark,
)
from apps.generation.services.checking import candidates_check
from apps.generation.services.consensus import consensus_decide, outcomes_keep
from apps.generation.services.execution import candidate_program, pool_inputs
from apps.generation.services.hybrid import hybrid_add
from apps.generation.services.profiling import profiles_keep
from apps.generation.services.review_subject import review_digest
from apps.generation.services.stages import stage_enter, stage_leave, status_change
from apps.generation.services.submission import repository_files
from apps.generation.types import RequestStatus as Status
from apps.jobs.services import JobRun
from apps.providers.selectors import providers_enabled
from apps.providers.services import answers_generate, calls_abandon
from apps.providers.types import Answer, BudgetRefused, CodeTask, Example, Message, ProviderFailure

State = Candidate.State
UNDER_WAY = (Status.QUEUED, Status.GENERATING, Status.CHECKING, Status.CONSENSUS)


class NothingUsable(NofxError):
    """No provider gave code that can be reviewed."""

    code = "generation.nothing_usable"
    status = 422


def run_generate(*, job: JobRun, request_id: UUID) -> None:
    """
    Take a request through generation, checks and consensus to the reviewers; one that is there stays as it is.

    :raises NothingUsable: no candidate can be reviewed.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    :raises StateChanged: somebody stopped the request.
    :raises JobCancelled: somebody asked the job to stop.
    """
    run = GenerationRun.objects.select_related("request", "repository__scope", "requester").get(pk=request_id)
    if run.request.status not in {*UNDER_WAY, Status.FAILED, Status.CANCELLED}:
        return  # A worker died between handing the request over and saying so.
    workspace = workspace_open(run)
    _generate(job, run, workspace)
    _check(job, run, workspace)
    _decide(job, run, workspace)
    _hand_over(job, run)


def workspace_open(run: GenerationRun) -> Workspace:
    """Return what the candidates of *run* are put together with, as it was when the request was frozen."""
    files = repository_files(run.repository, run.base_sha)
    symbols = [str(item["name"]) for item in run.request.context_snapshot.get("symbols", [])]
    specification = analyse(run.request.specification, title=run.title, known_symbols=symbols)
    return Workspace(run, with_answers(specification, run), files)


def _generate(job: JobRun, run: GenerationRun, workspace: Workspace) -> None:
    status_change(run=run, allowed=UNDER_WAY, to=Status.GENERATING)
    stage_leave(run=run, stage="queued")
    stage_enter(run=run, stage="generating")
    candidates = candidates_plan(run=run, providers=providers_enabled())
    if not candidates:
        raise NothingUsable(
            "No provider is switched on, so nobody could be asked.", remedy="Ask an administrator to switch one on."
        )
    waiting = {(candidate.provider_id, candidate.sample_index): candidate for candidate in asked(candidates)}
    job.progress("generating", answered=len(candidates) - len(waiting), of=len(candidates))

    refused: list[str] = []

    def keep(provider_id: UUID, sample: int, answer: Answer | ProviderFailure) -> None:
        candidate = waiting[provider_id, sample]
        if isinstance(answer, BudgetRefused):
            refused.append(answer.message)
        if isinstance(answer, Answer):
            candidate_write(
                candidate_id=candidate.pk,
                workspace=workspace,
                answer=answer.text,
                model_id=answer.model_id,
                note=answer.note,
                is_cut=answer.is_truncated,
            )
        else:
            candidate_unavailable(candidate_id=candidate.pk, reason=answer.message)
        answered = Candidate.objects.filter(request=run.request).exclude(state=State.ASKED).count()
        job.progress("generating", answered=answered, of=len(candidates))

    answers_generate(
        task=code_task(workspace),
        samples=[(candidate.provider, candidate.sample_index) for candidate in waiting.values()],
        subject_kind="request",
        subject_id=run.pk,
        seed=run.seed,
        cancelled=job.is_cancelled,
        on_answer=keep,
        scope=run.repository.scope,
    )
    job.raise_if_cancelled()
    duplicates = duplicates_mark(run=run)
    usable = Candidate.objects.filter(request=run.request, state__in=[State.WRITTEN, State.CHECKED, State.EXECUTED])
    count = usable.count()
    note = _generated(count, duplicates, candidates)
    if refused:
        note = f"{note}. {refused[0]}"
    stage_leave(run=run, stage="generating", evidence_count=len(candidates), note=note)
    if not count and refused:
        raise NothingUsable(
            f"No provider had an answer, and a budget kept others from being asked. {refused[0]}",
            remedy="Start the request again once the budget allows it.",
        )
    if not count and not Candidate.objects.filter(request=run.request).exclude(state=State.UNAVAILABLE).exists():
        raise NothingUsable(
            "No provider had an answer.",
            remedy="Look at the reasons beside the candidates. Examples help the built-in providers; for anything else "
            "an administrator fetches a local model or switches an endpoint on.",
        )
    if not count:
        raise NothingUsable(
            "None of the answers is code that can be run.",
            remedy="Look at the reasons beside the candidates, change the specification, and submit it again.",
        )


def code_task(workspace: Workspace) -> CodeTask:
    """Return what providers are asked."""
    run, specification = workspace.run, workspace.specification
    signature = specification.entry_signature
    return CodeTask(
        title=run.title,
        text=run.request.specification,
        language=run.request.target_language,
        entry=specification.entry,
        signature=signature.source if signature else None,
        examples=tuple(
            Example(example.args, example.kwargs, example.expected, example.raises, example.call)
            for example in specification.examples
            if not example.steps and example.function == specification.entry
        ),
        messages=tuple(
            Message(role, content)
            for role, content in build_messages(specification, prompt_context(run.request.context_snapshot))
        ),
        base_files=workspace.files,
        target_path=run.target_path,
    )


def _generated(usable: int, duplicates: int, candidates: list[Candidate]) -> str:
    copies = f", {duplicates} the same as another" if duplicates else ""
    return f"{len(candidates)} asked, {usable} usable and different{copies}"


def _check(job: JobRun, run: GenerationRun, workspace: Workspace) -> None:
    status_change(run=run, allowed=UNDER_WAY, to=Status.CHECKING)
    stage_enter(run=run, stage="checking")
    job.progress("checking")
    results = candidates_check(run=run, workspace=workspace)
    job.raise_if_cancelled()
    stage_leave(run=run, stage="checking", evidence_count=results, note="lint, types and security")


def _decide(job: JobRun, run: GenerationRun, workspace: Workspace) -> None:
    status_change(run=run, allowed=UNDER_WAY, to=Status.CONSENSUS)
    stage_enter(run=run, stage="consensus")
    job.progress("consensus")
    if CodeGenerationConsensus.objects.filter(request=run.request).exists():
        return
    usable = Candidate.objects.filter(request=run.request, state__in=[State.CHECKED, State.EXECUTED])
    candidates = list(usable.select_related("implementation", "test", "provider").order_by("ordinal"))
    inputs = pool_inputs(workspace, candidates)

    def announce(executions: int) -> None:
        job.raise_if_cancelled()
        job.progress("consensus", executions=executions, of=len(candidates) * len(inputs))

    programs = [candidate_program(workspace, candidate) for candidate in candidates]
    observations = observe(programs, inputs, entry=run.entry, on_round=announce)
    added = hybrid_add(workspace=workspace, candidates=candidates, observations=observations, inputs=inputs)
    if added:
        candidates, observations = [*candidates, added[0]], [*observations, added[1]]
    outcomes_keep(candidates=candidates, observations=observations, inputs=inputs, workspace=workspace)
    profiles_keep(candidates=candidates, inputs=inputs, workspace=workspace)
    job.raise_if_cancelled()
    consensus_decide(run=run, candidates=candidates, observations=observations, inputs=inputs)
    executions = len(candidates) * len(inputs)
    programs_run = "1 program" if len(candidates) == 1 else f"{len(candidates)} programs"
    note = f"{programs_run} on {len(inputs)} inputs" if inputs else NOTHING_COMPARED
    stage_leave(run=run, stage="consensus", evidence_count=executions, note=note)


@transaction.atomic
def _hand_over(job: JobRun, run: GenerationRun) -> None:
    stage_leave(run=run, stage="consensus")
    status_change(run=run, allowed=UNDER_WAY, to=Status.IN_REVIEW)
    stage_enter(run=run, stage="review")
    GenerationRun.objects.filter(pk=run.pk).update(review_digest=review_digest(run=run))
    job.progress("review")


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
