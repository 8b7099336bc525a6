"""Asking providers for the candidates that are planned: a task for fresh ones, and one of its own for a correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.generation.engine.context import prompt_context
from apps.generation.engine.javascript.modules import module_kind
from apps.generation.engine.languages import Language
from apps.generation.engine.outcomes import Expected, outcome_meets
from apps.generation.engine.prompts import Failure, PromptForm, PromptRole, build_messages, repair_messages
from apps.generation.engine.testgen import example_inputs, literal_source
from apps.generation.gateways.observing import observe
from apps.generation.models import Candidate
from apps.generation.services.candidates import Workspace, asked, candidate_unavailable, candidate_write
from apps.generation.services.checking import candidate_module
from apps.generation.services.consensus import outcome_text
from apps.generation.services.execution import candidate_program
from apps.generation.services.permits import models_refused
from apps.jobs.services import JobRun
from apps.providers.services import answers_generate
from apps.providers.types import Answer, BudgetRefused, CodeTask, Example, Message, ProviderFailure

FURTHER_ROLES = (PromptRole.CAREFUL, PromptRole.PLAIN, PromptRole.SIMPLE)
# A provider and the number of its sample.
Asked = tuple[UUID, int]


def candidates_ask(job: JobRun, workspace: Workspace, candidates: Sequence[Candidate]) -> str:
    """
    Ask for those of *candidates* that wait for an answer; each answer is kept as it arrives.

    Return the words of the first budget that refused a call, "" where none did.
    """
    run = workspace.run
    waiting = {(one.provider_id, one.sample_index): one for one in asked(candidates) if one.provider_id}
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
                note=" ".join(part for part in (candidate.note, answer.note) if part),
                is_cut=answer.is_truncated,
            )
        else:
            candidate_unavailable(candidate_id=candidate.pk, reason=answer.message)
        planned = Candidate.objects.filter(pk__in=[one.pk for one in candidates])
        answered = planned.exclude(state=Candidate.State.ASKED).count()
        job.progress("generating", answered=answered, of=len(candidates))

    answers_generate(
        task=code_task(workspace),
        samples=[(candidate.provider, candidate.sample_index) for candidate in waiting.values()],
        own_tasks=_own_tasks(workspace, waiting),
        subject_kind="request",
        subject_id=run.pk,
        seed=run.seed,
        cancelled=job.is_cancelled,
        on_answer=keep,
        scope=run.repository.scope,
        withdrawn=lambda: models_refused(run, [one.provider for one in waiting.values() if one.provider]),
    )
    job.raise_if_cancelled()
    return refused[0] if refused else ""


def code_task(workspace: Workspace, form: str = PromptForm.FULL, role: PromptRole = PromptRole.PLAIN) -> CodeTask:
    """Return what providers are asked in this form, with this attitude."""
    context, kind = _context(workspace), _module_kind(workspace)
    return _task(workspace, build_messages(workspace.specification, context, form=form, role=role, module_kind=kind))


def _own_tasks(workspace: Workspace, waiting: Mapping[Asked, Candidate]) -> dict[Asked, CodeTask]:
    """
    Return the tasks that are not what everybody is asked.

    They are corrections, those of models asked in brief, and fresh answers behind the first ones, which are asked for
    with another attitude each time, so that they differ for a reason.
    """
    found: dict[Asked, CodeTask] = {}
    written: dict[tuple[str, PromptRole], CodeTask] = {}
    for key, candidate in waiting.items():
        form, role = _form(candidate), _role(candidate)
        if candidate.repairs:
            found[key] = _repair_task(workspace, candidate.repairs, form)
        elif (form, role) != (PromptForm.FULL, PromptRole.PLAIN):
            if (form, role) not in written:
                written[form, role] = code_task(workspace, form, role)
            found[key] = written[form, role]
    return found


def _form(candidate: Candidate) -> str:
    return candidate.provider.prompt_form if candidate.provider else PromptForm.FULL


def _role(candidate: Candidate) -> PromptRole:
    further = candidate.sample_index - candidate.provider.samples if candidate.provider else -1
    return PromptRole.PLAIN if further < 0 else FURTHER_ROLES[further % len(FURTHER_ROLES)]


def _repair_task(workspace: Workspace, failed: Candidate, form: str) -> CodeTask:
    """Return what the author of *failed* is asked: what the program did with the examples, run once more."""
    inputs = example_inputs(workspace.specification)
    entry, language = workspace.run.entry, workspace.language
    (observed,) = observe([candidate_program(workspace, failed)], inputs, entry=entry)
    failures = [
        Failure(
            one.call.text(entry, language.value),
            _expectation(one.expected, language),
            outcome_text(outcome, language),
        )
        for one, outcome in zip(inputs, observed.outcomes, strict=True)
        if one.expected is not None and not outcome_meets(outcome, one.expected)
    ]
    code = failed.implementation.generated_code if failed.implementation else candidate_module(workspace, failed)
    messages = repair_messages(
        workspace.specification,
        _context(workspace),
        code=code,
        failures=failures,
        examples=len(inputs),
        form=form,
        module_kind=_module_kind(workspace),
    )
    return _task(workspace, messages)


def _expectation(expected: Expected, language: Language) -> str:
    if expected.raises:
        return f"{language.raises} {expected.raises}"
    return literal_source(expected.value) if language.name == "python" else language.value(expected.value)


def _module_kind(workspace: Workspace) -> str:
    return module_kind(workspace.run.target_path, workspace.files)


def _context(workspace: Workspace) -> dict[str, object]:
    return prompt_context(workspace.run.request.context_snapshot)


def _task(workspace: Workspace, messages: Sequence[tuple[str, str]]) -> CodeTask:
    run, specification = workspace.run, workspace.specification
    signature = specification.entry_signature
    return CodeTask(
        title=run.title,
        text="\n\n".join([run.request.specification, *specification.guidance]),
        language=run.request.target_language,
        entry=specification.entry,
        signature=signature.source if signature else None,
        examples=tuple(
            Example(example.args, example.kwargs, example.expected, example.raises, example.call)
            for example in specification.examples
            if not example.steps and example.function == specification.entry
        ),
        messages=tuple(Message(role, content) for role, content in messages),
        base_files=workspace.files,
        target_path=run.target_path,
    )
