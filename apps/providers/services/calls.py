"""
Asking: every wanted sample of every provider in parallel, each answer handed over and recorded as it arrives.

A call is in the ledger from the moment it is made, so a worker that dies leaves no call, and no cost, unseen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from apps.core.digests import canonical_json, sha256_hex
from apps.governance.models import Scope
from apps.providers.engine.recordings import Recording
from apps.providers.gateways.recordings import recording_append, recordings_path
from apps.providers.models import ModelCall, Provider
from apps.providers.selectors import budgets_over, providers_refused
from apps.providers.services.budgets import FREE, budget_refusal, price_of, reservation_of
from apps.providers.services.opening import provider_open
from apps.providers.services.pace import provider_has_room
from apps.providers.types import (
    Answer,
    BudgetRefused,
    Cancelled,
    CodeProvider,
    CodeTask,
    ModelWithdrawn,
    ProviderFailure,
    ProviderTimeout,
)

logger = logging.getLogger(__name__)

OnAnswer = Callable[[UUID, int, Answer | ProviderFailure], None]
Outcome = ModelCall.Outcome
_POLL_SECONDS = 0.25
_WITHDRAWAL_SECONDS = 1.0
_NO_TASKS: Mapping[tuple[UUID, int], CodeTask] = MappingProxyType({})
_UNUSED = {"counted_tokens": 0, "counted_cost": FREE}
_NOT_MADE = {"outcome": Outcome.REFUSED, "cost": FREE, **_UNUSED}


class ProviderBroken(ProviderFailure):
    """The provider's own code failed: a mistake in the platform, whose traceback is in the log."""

    code = "provider_broken"
    status = 500


@dataclass(frozen=True)
class _Sample:
    provider: Provider
    index: int
    task: CodeTask


@dataclass(frozen=True)
class _Reply:
    answer: Answer | ProviderFailure
    latency_ms: float


def answers_generate(
    *,
    task: CodeTask,
    samples: Sequence[tuple[Provider, int]],
    subject_kind: str,
    subject_id: UUID,
    seed: int,
    cancelled: Callable[[], bool],
    on_answer: OnAnswer,
    scope: Scope | None = None,
    own_tasks: Mapping[tuple[UUID, int], CodeTask] = _NO_TASKS,
    withdrawn: Callable[[], Mapping[UUID, str]] = dict,
) -> int:
    """
    Ask for each of *samples* and hand over every answer or failure at once, in the order they arrive.

    All are asked *task*, but for those that have one of their *own_tasks*, by provider's id and sample's index.

    Each call is one ``ModelCall`` row, written before the call is made and completed before *on_answer* is called with
    the provider's id, the sample's index, and the answer or why there is none. *on_answer* and *cancelled* are called
    in the caller's thread, outside any transaction of this service. One failure never stops the others. A provider is
    asked at most ``max_concurrency`` times at once and ``calls_per_minute`` times in a minute, by all workers together;
    samples wait for their turn. To continue an interrupted round, pass only the samples that are
    missing: what the interrupted round still waited for is recorded as abandoned first, and each repetition is a row
    of its own, with the same provider and sample. No other round of the same subject may be under way.

    Each call counts against the budgets over *scope* (None: the platform's only). One that a budget does not allow is
    recorded and handed over as ``BudgetRefused``, and not made.

    Nobody is asked whom the policy of *scope* does not allow. *withdrawn* says, by provider's id, who else is not to be
    asked any more and why. Both are looked up about once a second; calls of such a provider under way are cut, and each
    of its samples is handed over as ``ModelWithdrawn``.

    When *cancelled* returns True, calls under way are stopped and recorded as cancelled and the rest is not begun.
    Returns how many answers came.
    """
    calls_abandon(subject_kind=subject_kind, subject_id=subject_id)
    ledger = _Ledger(subject_kind, subject_id, scope)
    providers = list({provider.pk: provider for provider, _ in samples}.values())
    refused = providers_refused(scope, providers)
    wanted = []
    for provider, index in samples:
        if provider.pk in refused:
            on_answer(provider.pk, index, ModelWithdrawn(refused[provider.pk]))
        else:
            wanted.append(_Sample(provider, index, own_tasks.get((provider.pk, index), task)))
    answered = 0
    with _asking(wanted, seed, ledger) as asking:
        while asking.is_going_on:
            finished = asking.finished()
            if cancelled():
                asking.stop()
            for sample, failure in asking.withdraw(lambda: {**providers_refused(scope, providers), **withdrawn()}):
                on_answer(sample.provider.pk, sample.index, failure)
            asking.begin()
            for future in finished:
                sample, call_id = asking.take(future)
                reply = asking.reply_of(sample, future)
                answered += isinstance(reply.answer, Answer)
                ledger.end(call_id, sample.provider, reply)
                _record(sample, reply.answer)
                on_answer(sample.provider.pk, sample.index, reply.answer)
    return answered


def calls_abandon(*, subject_kind: str, subject_id: UUID) -> int:
    """
    Record that nobody waits any more for the calls of a subject that are under way; return how many there were.

    Their process died or was stopped on the spot. What they cost is not known, and stays empty.
    """
    return ModelCall.objects.filter(subject_kind=subject_kind, subject_id=subject_id, outcome=Outcome.UNDER_WAY).update(
        outcome=Outcome.ABANDONED, error="The process that waited for the answer ended before it came."
    )


@contextmanager
def _asking(samples: Sequence[_Sample], seed: int, ledger: _Ledger) -> Iterator[_Round]:
    """Begin what may be begun at once; on the way out, however that happens, stop what still runs and wait for it."""
    asking = _Round(samples, seed, ledger)
    try:
        asking.begin()
        yield asking
    finally:
        asking.end()


class _Round:
    """The calls of one round. A provider's next one is begun when one of its calls has been taken."""

    def __init__(self, samples: Sequence[_Sample], seed: int, ledger: _Ledger) -> None:
        self.under_way: dict[Future[_Reply], tuple[_Sample, UUID]] = {}
        self._seed, self._ledger = seed, ledger
        self._stop = threading.Event()
        self._withdrawn: dict[UUID, str] = {}
        self._asked_at = 0.0
        self._waiting: dict[UUID, deque[_Sample]] = {}
        for sample in samples:
            self._waiting.setdefault(sample.provider.pk, deque()).append(sample)
        # Never too small: what is begun at once is limited here, for each provider.
        self._pool = ThreadPoolExecutor(max(1, len(samples)), "ask-")

    def begin(self) -> None:
        """Ask each provider as often as it may be asked at once."""
        for provider_id in self._waiting:
            while self._begin_next(provider_id):
                pass

    @property
    def is_going_on(self) -> bool:
        """Whether calls are under way or wait for their turn."""
        return bool(self.under_way) or (not self._stop.is_set() and any(self._waiting.values()))

    def finished(self) -> set[Future[_Reply]]:
        """Wait for a moment, and return the calls that have ended."""
        if not self.under_way:
            time.sleep(_POLL_SECONDS)
        return wait(self.under_way, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED).done

    def take(self, future: Future[_Reply]) -> tuple[_Sample, UUID]:
        """Return the sample and the row of a call that has ended, after its provider's next call has begun."""
        sample, call_id = self.under_way.pop(future)
        self._begin_next(sample.provider.pk)
        return sample, call_id

    def withdraw(self, withdrawn: Callable[[], Mapping[UUID, str]]) -> list[tuple[_Sample, ModelWithdrawn]]:
        """Cut the calls of who is not to be asked any more; return those of their samples that are not begun."""
        if time.monotonic() - self._asked_at < _WITHDRAWAL_SECONDS:
            return []
        self._asked_at = time.monotonic()
        self._withdrawn |= withdrawn()
        dropped: list[tuple[_Sample, ModelWithdrawn]] = []
        for provider_id, reason in self._withdrawn.items():
            waiting = self._waiting.get(provider_id)
            dropped += [(sample, ModelWithdrawn(reason)) for sample in waiting or ()]
            if waiting:
                waiting.clear()
        return dropped

    def _is_cut(self, provider_id: UUID) -> bool:
        return self._stop.is_set() or provider_id in self._withdrawn

    def reply_of(self, sample: _Sample, future: Future[_Reply]) -> _Reply:
        """Return what came of a call; of one that was cut because its model is withdrawn, that."""
        reply = future.result()
        reason = self._withdrawn.get(sample.provider.pk)
        if reason is None or isinstance(reply.answer, Answer):
            return reply
        return _Reply(ModelWithdrawn(reason), reply.latency_ms)

    def stop(self) -> None:
        """Begin nothing more, and let the calls under way end soon."""
        self._stop.set()

    def end(self) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin_next(self, provider_id: UUID) -> bool:
        """Begin a call where one waits and its provider has room; return whether it was begun."""
        samples = self._waiting[provider_id]
        if not samples or self._stop.is_set() or self._is_busy(samples[0].provider):
            return False
        begun = self._ledger.begin(samples[0])
        if begun is None:
            return False
        sample = samples.popleft()
        call_id, refusal = begun
        if refusal is None:
            future = self._pool.submit(_ask, sample, self._seed, self._is_cut, self._ledger.is_budgeted)
        else:
            future = Future()
            future.set_result(_Reply(refusal, 0.0))
        self.under_way[future] = sample, call_id
        return True

    def _is_busy(self, provider: Provider) -> bool:
        own = sum(sample.provider.pk == provider.pk for sample, _ in self.under_way.values())
        return own >= max(1, provider.max_concurrency)


def _ask(sample: _Sample, seed: int, is_cut: Callable[[UUID], bool], is_budgeted: bool) -> _Reply:
    """Ask once, in a thread of its own. Every failure becomes a reply, so that it is recorded like an answer."""
    started = time.monotonic()
    answer: Answer | ProviderFailure
    source: CodeProvider | None = None
    try:
        source = provider_open(sample.provider, is_budgeted=is_budgeted)
        answer = source.generate(
            sample.task, sample=sample.index, seed=seed, cancelled=lambda: is_cut(sample.provider.pk)
        )
    except ProviderFailure as failure:
        answer = failure
        answer.is_unused = failure.is_unused or source is None
    except Exception:  # a mistake in one provider costs its sample, not the others'; it is logged and recorded
        logger.exception("Provider %s failed in a way that nobody foresaw.", sample.provider.name)
        answer = ProviderBroken(
            f"{sample.provider.name} failed for a reason of the platform's own.",
            remedy="The log of the workers says more.",
        )
    finally:
        connections.close_all()
    return _Reply(answer, (time.monotonic() - started) * 1000)


def _record(sample: _Sample, answer: Answer | ProviderFailure) -> None:
    """Keep a model's answer for replay where that was asked for; a disk that refuses costs the recording only."""
    provider = sample.provider
    path = recordings_path("NOFX_RECORD_ANSWERS")
    if path is None or provider.kind == Provider.Kind.BUILTIN or not isinstance(answer, Answer):
        return
    try:
        recording_append(path, prompt_digest(sample.task), Recording(answer.model_id, answer.text, answer.is_truncated))
    except OSError as error:
        logger.warning("An answer of %s could not be recorded: %s.", provider.name, error.strerror)


class _Ledger:
    """Writes the row of each call: when it begins, and how it ended."""

    def __init__(self, subject_kind: str, subject_id: UUID, scope: Scope | None) -> None:
        self._scope = scope
        self._subject_kind, self._subject_id = subject_kind, subject_id
        self.is_budgeted = budgets_over(scope).exists()

    @transaction.atomic
    def begin(self, sample: _Sample) -> tuple[UUID, BudgetRefused | None] | None:
        """
        Write a call down with the most that it may use, or that a budget refused it and why.

        None where its provider has no room yet.
        """
        if not provider_has_room(sample.provider):
            return None
        is_free = sample.provider.kind == Provider.Kind.BUILTIN
        wanted = reservation_of(sample.provider, sample.task)
        sentence = (
            None
            if is_free
            else budget_refusal(
                wanted=wanted, scope=self._scope, subject_kind=self._subject_kind, subject_id=self._subject_id
            )
        )
        state = {
            "outcome": Outcome.UNDER_WAY,
            # Whatever comes of it, what is built in is free.
            "cost": FREE if is_free else None,
            "counted_tokens": wanted.tokens,
            "counted_cost": wanted.cost,
        }
        call = ModelCall.objects.create(
            subject_kind=self._subject_kind,
            subject_id=self._subject_id,
            **(_NOT_MADE | {"error": sentence} if sentence else state),
            provider=sample.provider,
            scope=self._scope,
            sample_index=sample.index,
            model_id=sample.provider.model_id,
            prompt_digest=prompt_digest(sample.task),
        )
        return call.pk, BudgetRefused(sentence) if sentence else None

    def end(self, call_id: UUID, provider: Provider, reply: _Reply) -> None:
        is_failure = isinstance(reply.answer, ProviderFailure)
        ModelCall.objects.filter(pk=call_id).update(
            latency_ms=reply.latency_ms,
            error=str(reply.answer).replace("\0", "") if is_failure else "",
            **_outcome(reply.answer, provider),
        )


def _outcome(answer: Answer | ProviderFailure, provider: Provider) -> dict[str, Any]:
    """Return what is known of a call that ended with *answer*, by column. What is not known stays as reserved."""
    match answer:
        case Answer():
            return {
                "outcome": Outcome.ANSWERED,
                "model_id": answer.model_id[:120].replace("\0", ""),
                "answer_digest": sha256_hex(answer.text.encode(errors="surrogatepass")),
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                **_used(answer, provider),
            }
        case BudgetRefused():
            return _NOT_MADE
        case Cancelled() | ModelWithdrawn():
            outcome = Outcome.CANCELLED
        case ProviderTimeout():
            outcome = Outcome.TIMEOUT
        case _:
            outcome = Outcome.FAILED
    return {"outcome": outcome, **(_UNUSED if answer.is_unused else {})}


def _used(answer: Answer, provider: Provider) -> dict[str, Any]:
    if answer.prompt_tokens is None or answer.completion_tokens is None:
        return {"cost": answer.cost, **({} if answer.cost is None else {"counted_cost": answer.cost})}
    cost = answer.cost
    if cost is None:
        cost = price_of(provider).cost(answer.prompt_tokens, answer.completion_tokens)
    return {"cost": cost, "counted_cost": cost, "counted_tokens": answer.prompt_tokens + answer.completion_tokens}


def prompt_digest(task: CodeTask) -> str:
    """Return the SHA-256 of what was asked: equal prompts to different models have equal digests."""
    asked = {
        "messages": [[message.role, message.content] for message in task.messages],
        "text": task.text,
        "entry": task.entry,
        "signature": task.signature,
        "examples": [example.source for example in task.examples],
    }
    return sha256_hex(canonical_json(asked))
