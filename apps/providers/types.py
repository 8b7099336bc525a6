"""What is asked of a model, what comes back, and how it fails. Plain data: importable without Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from apps.core.errors import NofxError

# The built-in provider that is asked first: what exists need not be written.
REUSE = "reuse"
# The built-in provider of recorded answers.
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; ``role`` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """A call and what a person expects of it: a value, or the name of an exception. ``source`` is its text."""

    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    expected: object
    raises: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class CodeTask:
    """
    One piece of code that is wanted.

    ``messages`` is the prompt of a language model, complete; the built-in providers read the other fields.
    ``base_files`` are the repository's files as they were when the request was frozen; the code goes to
    ``target_path``.
    """

    title: str
    text: str
    language: str = "python"
    entry: str | None = None
    signature: str | None = None
    examples: tuple[Example, ...] = ()
    messages: tuple[Message, ...] = ()
    base_files: Mapping[str, str] = field(default_factory=dict)
    target_path: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a provider wrote, unread and untrusted.

    ``cost`` is in US dollars and None when it is not known; 0 means that it was known to be free. ``is_truncated``
    says that the text ends at a limit and not where its writer wanted to end. ``note`` is what reviewers are told about
    how it came about: its evidence, where it is reused from, that it was recorded.
    """

    text: str
    model_id: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: Decimal | None
    latency_ms: float
    is_truncated: bool = False
    note: str = ""


class CodeProvider(Protocol):
    """A source of code. ``kind`` is builtin, local or openai."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """
        Return one answer. It asks *cancelled* often and stops soon after it returned True.

        :raises ProviderUnavailable: it cannot be reached, is overloaded or not ready.
        :raises ProviderTimeout: its time ran out.
        :raises ProviderRefused: it will not answer this, however often it is asked.
        :raises AnswerUnusable: what it sent is no answer.
        :raises Cancelled: *cancelled* returned True.
        """
        ...


class ProviderFailure(NofxError):
    """
    A provider gave no answer; each way is a subclass. What is raised and handed to callers is one of those.

    ``is_unused`` says that no model can have worked for it, so that it cost nothing.
    """

    code = "provider_failure"
    status = 502
    is_unused = False


# How an endpoint that answered 429 is told of, so that whoever reads several such sentences finds the pattern.
TAKES_NO_MORE = "takes no more requests for now"


class ProviderUnavailable(ProviderFailure):
    """The provider cannot be reached, is overloaded or not ready; later it may."""

    code = "provider_unavailable"
    status = 503


class ProviderTimeout(ProviderFailure):
    """The provider did not finish its answer in time."""

    code = "provider_timeout"
    status = 504


class ProviderRefused(ProviderFailure):
    """The provider will not answer this: a wrong key, an unknown model, a used-up quota, a refusal."""

    code = "provider_refused"


class BudgetRefused(ProviderFailure):
    """A budget does not allow the call, so it was not made. The message says which, and what is left."""

    code = "budget_refused"
    status = 429
    is_unused = True


class ModelWithdrawn(ProviderFailure):
    """The model was suspended, or lost its approval, while it was asked or before. The message says which."""

    code = "model_withdrawn"
    status = 403


class AnswerUnusable(ProviderFailure):
    """The provider sent something that is no answer: empty, malformed or far too long."""

    code = "answer_unusable"


class Cancelled(ProviderFailure):
    """The call was stopped because nobody wants its answer any more."""

    code = "cancelled"
    status = 409
