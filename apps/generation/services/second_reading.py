"""Asks a model what is open in a specification. What the rules found stands, whatever becomes of the model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.generation.engine.second_reading import NotAReading, findings_in, reading_messages
from apps.generation.engine.specification import Specification, SpecIssue, analyse
from apps.generation.models import SpecificationDraft, SpecificationReading
from apps.generation.services.submission import issue_summary
from apps.governance.models import Scope, User
from apps.jobs.services import JobRun, job_enqueue
from apps.providers.models import Provider
from apps.providers.selectors import providers_enabled, providers_refused
from apps.providers.services import answers_generate
from apps.providers.types import Answer, CodeTask, Message, ProviderFailure

READING_JOB = "generation.reading"
READING_SUBJECT = "specification"
# Nobody waits for it with the page open: a local model may take its time.
PATIENCE_S = 240.0
NOTHING_TO_READ = "There is nothing to read yet."
NO_MODEL = "No language model can be asked now; the rules have read the text."


@dataclass(frozen=True)
class SecondReading:
    """
    What a model said.

    ``model`` names the provider, "" where there is none. ``problem`` says why there are no findings, "" where the model
    answered.
    """

    model: str
    findings: tuple[SpecIssue, ...] = ()
    problem: str = ""


def model_to_ask(scope: Scope | None = None) -> Provider | None:
    """Return the language model that is expected to be right most often, of those that may be asked for *scope* now."""
    models = [one for one in providers_enabled() if one.kind != Provider.Kind.BUILTIN]
    refused = providers_refused(scope, models)
    models = [one for one in models if one.pk not in refused]
    return max(models, key=lambda one: (one.prior, one.name), default=None)


@transaction.atomic
def reading_request(
    *, author: User, title: str, text: str, draft: SpecificationDraft | None = None, scope: Scope | None = None
) -> SpecificationReading:
    """
    Ask a model, in the background, what is open in a specification; with nobody to ask the row says so at once.

    The rules' analysis stands whatever comes of it.
    """
    problem = NO_MODEL if model_to_ask(scope) is None else "" if text.strip() else NOTHING_TO_READ
    reading = SpecificationReading.objects.create(
        author=author,
        draft=draft,
        scope=scope,
        title=plain_text(title)[:200],
        text=plain_text(text),
        problem=problem,
        finished_at=now() if problem else None,
    )
    if not problem:
        reading.job = job_enqueue(
            kind=READING_JOB, subject_kind=READING_SUBJECT, subject_id=reading.pk, requested_by=author
        )
        reading.save(update_fields=["job"])
    return reading


def reading_run(*, job: JobRun, reading_id: UUID) -> None:
    """
    Ask, and keep what was said. One that was kept already stays as it is.

    :raises JobCancelled: somebody asked the job to stop.
    """
    reading = SpecificationReading.objects.select_related("scope", "draft").get(pk=reading_id)
    if reading.finished_at is not None:
        return
    job.progress("asking")
    found = specification_ask(
        specification=analyse(
            reading.text, title=reading.title, target_path=reading.draft.target_path if reading.draft else ""
        ),
        subject_id=reading.pk,
        scope=reading.scope,
        cancelled=job.is_cancelled,
    )
    job.raise_if_cancelled()
    SpecificationReading.objects.filter(pk=reading_id, finished_at=None).update(
        model=found.model,
        findings=[issue_summary(issue) for issue in found.findings],
        problem=plain_text(found.problem),
        finished_at=now(),
    )


def reading_end(*, reading_id: UUID, problem: str) -> None:
    """Record why a reading ended without an answer; one that has its answer keeps it."""
    SpecificationReading.objects.filter(pk=reading_id, finished_at=None).update(problem=problem, finished_at=now())


def specification_ask(
    *,
    specification: Specification,
    subject_id: UUID,
    scope: Scope | None = None,
    patience_s: float = PATIENCE_S,
    cancelled: Callable[[], bool] = lambda: False,
) -> SecondReading:
    """
    Ask one model what is open in *specification*; the call is recorded for ``subject_id`` like any other,
    and counts against the budgets over ``scope``.

    Never raises for what a model does: a failure, an answer that is none, and too long a wait are ``problem``.
    """
    provider = model_to_ask(scope)
    if provider is None or not specification.text.strip():
        return SecondReading("", problem=NO_MODEL if provider is None else NOTHING_TO_READ)
    replies: list[Answer | ProviderFailure] = []
    until = time.monotonic() + patience_s
    answers_generate(
        task=CodeTask(
            title=specification.title,
            text=specification.text,
            messages=tuple(Message(role, content) for role, content in reading_messages(specification)),
        ),
        samples=[(provider, 0)],
        subject_kind=READING_SUBJECT,
        subject_id=subject_id,
        seed=0,
        cancelled=lambda: cancelled() or time.monotonic() > until,
        on_answer=lambda provider_id, sample, reply: replies.append(reply),
        scope=scope,
    )
    return _read(provider.name, replies, specification.text, patience_s)


def _read(model: str, replies: list[Answer | ProviderFailure], text: str, patience_s: float) -> SecondReading:
    match replies:
        case [Answer() as answer]:
            try:
                return SecondReading(model, findings_in(answer.text, text))
            except NotAReading as error:
                return SecondReading(model, problem=str(error))
        case [ProviderFailure() as failure] if failure.code != "cancelled":
            return SecondReading(model, problem=failure.message)
    return SecondReading(model, problem=f"The model did not answer within {patience_s:.0f} seconds.")
