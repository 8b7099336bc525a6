"""Asks a model what is open in a specification. What the rules found stands, whatever becomes of the model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from apps.generation.engine.second_reading import NotAReading, findings_in, reading_messages
from apps.generation.engine.specification import Specification, SpecIssue
from apps.governance.models import Scope
from apps.providers.models import Provider
from apps.providers.selectors import providers_enabled
from apps.providers.services import answers_generate
from apps.providers.types import Answer, CodeTask, Message, ProviderFailure

SUBJECT_KIND = "specification"
PATIENCE_S = 45.0
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


def model_to_ask() -> Provider | None:
    """Return the language model that is expected to be right most often, of those that can be asked now."""
    models = [one for one in providers_enabled() if one.kind != Provider.Kind.BUILTIN]
    return max(models, key=lambda one: (one.prior, one.name), default=None)


def specification_ask(
    *, specification: Specification, subject_id: UUID, scope: Scope | None = None, patience_s: float = PATIENCE_S
) -> SecondReading:
    """
    Ask one model what is open in *specification*; the call is recorded for ``subject_id`` like any other,
    and counts against the budgets over ``scope``.

    Never raises for what a model does: a failure, an answer that is none, and too long a wait are ``problem``.
    """
    provider = model_to_ask()
    if provider is None or not specification.text.strip():
        return SecondReading("", problem=NO_MODEL if provider is None else "There is nothing to read yet.")
    replies: list[Answer | ProviderFailure] = []
    until = time.monotonic() + patience_s
    answers_generate(
        task=CodeTask(
            title=specification.title,
            text=specification.text,
            messages=tuple(Message(role, content) for role, content in reading_messages(specification)),
        ),
        samples=[(provider, 0)],
        subject_kind=SUBJECT_KIND,
        subject_id=subject_id,
        seed=0,
        cancelled=lambda: time.monotonic() > until,
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
