"""
Asking: every wanted sample of every provider in parallel, each answer handed over and recorded as it arrives.

A call is in the ledger from the moment it is made, so a worker that dies leaves no call, and no cost, unseen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections

from apps.core.digests import canonical_json, sha256_hex
from apps.providers.models import ModelCall, Provider
from apps.providers.services.opening import provider_open
from apps.providers.types import Answer, Cancelled, CodeTask, ProviderFailure, ProviderTimeout

logger = logging.getLogger(__name__)

OnAnswer = Callable[[UUID, int, Answer | ProviderFailure], None]
Outcome = ModelCall.Outcome
_POLL_SECONDS = 0.25


class ProviderBroken(ProviderFailure):
    """The provider's own code failed: a mistake in the platform, whose traceback is in the log."""

    code = "provider_broken"
    status = 500


@dataclass(frozen=True)
class _Sample:
    provider: Provider
    index: int


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
) -> int:
    """
    Ask for each of *samples* and hand over every answer or failure at once, in the order they arrive.

    Each call is one ``ModelCall`` row, written before the call is made and completed before *on_answer* is called with
    the provider's id, the sample's index, and the answer or why there is none. *on_answer* and *cancelled* are called
    in the caller's thread, outside any transaction of this service. One failure never stops the others. A provider is
    asked at most ``max_concurrency`` times at once. To continue an interrupted round, pass only the samples that are
    missing: what the interrupted round still waited for is recorded as abandoned first, and each repetition is a row
    of its own, with the same provider and sample. No other round of the same subject may be under way.

    When *cancelled* returns True, calls under way are stopped and recorded as cancelled and the rest is not begun.
    Returns how many answers came.
    """
    calls_abandon(subject_kind=subject_kind, subject_id=subject_id)
    ledger = _Ledger(task, subject_kind, subject_id)
    answered = 0
    with _asking(task, [_Sample(*sample) for sample in samples], seed, ledger) as asking:
        while asking.under_way:
            finished, _ = wait(asking.under_way, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            if cancelled():
                asking.stop()
            for future in finished:
                sample, call_id = asking.take(future)
                reply = future.result()
                answered += isinstance(reply.answer, Answer)
                ledger.end(call_id, reply)
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
def _asking(task: CodeTask, samples: Sequence[_Sample], seed: int, ledger: _Ledger) -> Iterator[_Round]:
    """Begin what may be begun at once; on the way out, however that happens, stop what still runs and wait for it."""
    asking = _Round(task, samples, seed, ledger)
    try:
        asking.begin()
        yield asking
    finally:
        asking.end()


class _Round:
    """The calls of one round. A provider's next one is begun when one of its calls has been taken."""

    def __init__(self, task: CodeTask, samples: Sequence[_Sample], seed: int, ledger: _Ledger) -> None:
        self.under_way: dict[Future[_Reply], tuple[_Sample, UUID]] = {}
        self._task, self._seed, self._ledger = task, seed, ledger
        self._stop = threading.Event()
        self._waiting: dict[UUID, deque[_Sample]] = {}
        for sample in samples:
            self._waiting.setdefault(sample.provider.pk, deque()).append(sample)
        # Never too small: what is begun at once is limited here, for each provider.
        self._pool = ThreadPoolExecutor(max(1, len(samples)), "ask-")

    def begin(self) -> None:
        """Ask each provider as often as it may be asked at once."""
        for provider_id, samples in self._waiting.items():
            for _ in range(min(len(samples), max(1, samples[0].provider.max_concurrency))):
                self._begin_next(provider_id)

    def take(self, future: Future[_Reply]) -> tuple[_Sample, UUID]:
        """Return the sample and the row of a call that has ended, after its provider's next call has begun."""
        sample, call_id = self.under_way.pop(future)
        self._begin_next(sample.provider.pk)
        return sample, call_id

    def stop(self) -> None:
        """Begin nothing more, and let the calls under way end soon."""
        self._stop.set()

    def end(self) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin_next(self, provider_id: UUID) -> None:
        samples = self._waiting[provider_id]
        if not samples or self._stop.is_set():
            return
        sample = samples.popleft()
        call_id = self._ledger.begin(sample)
        self.under_way[self._pool.submit(_ask, self._task, sample, self._seed, self._stop)] = sample, call_id


def _ask(task: CodeTask, sample: _Sample, seed: int, stop: threading.Event) -> _Reply:
    """Ask once, in a thread of its own. Every failure becomes a reply, so that it is recorded like an answer."""
    started = time.monotonic()
    answer: Answer | ProviderFailure
    try:
        source = provider_open(sample.provider)
        answer = source.generate(task, sample=sample.index, seed=seed, cancelled=stop.is_set)
    except ProviderFailure as failure:
        answer = failure
    except Exception:  # a mistake in one provider costs its sample, not the others'; it is logged and recorded
        logger.exception("Provider %s failed in a way that nobody foresaw.", sample.provider.name)
        answer = ProviderBroken(
            f"{sample.provider.name} failed for a reason of the platform's own.",
            remedy="The log of the workers says more.",
        )
    finally:
        connections.close_all()
    return _Reply(answer, (time.monotonic() - started) * 1000)


class _Ledger:
    """Writes the row of each call: when it begins, and how it ended."""

    def __init__(self, task: CodeTask, subject_kind: str, subject_id: UUID) -> None:
        self._subject = {"subject_kind": subject_kind, "subject_id": subject_id}
        self._digest = prompt_digest(task)

    def begin(self, sample: _Sample) -> UUID:
        call = ModelCall.objects.create(
            **self._subject,
            provider=sample.provider,
            sample_index=sample.index,
            model_id=sample.provider.model_id,
            prompt_digest=self._digest,
            outcome=Outcome.UNDER_WAY,
            # Whatever comes of it, what is built in is free.
            cost=Decimal(0) if sample.provider.kind == Provider.Kind.BUILTIN else None,
        )
        return call.pk

    def end(self, call_id: UUID, reply: _Reply) -> None:
        is_failure = isinstance(reply.answer, ProviderFailure)
        ModelCall.objects.filter(pk=call_id).update(
            latency_ms=reply.latency_ms,
            error=str(reply.answer).replace("\0", "") if is_failure else "",
            **_outcome(reply.answer),
        )


def _outcome(answer: Answer | ProviderFailure) -> dict[str, Any]:
    """Return what is known of a call that ended with *answer*, by column."""
    match answer:
        case Answer():
            return {
                "outcome": Outcome.ANSWERED,
                "model_id": answer.model_id[:120].replace("\0", ""),
                "answer_digest": sha256_hex(answer.text.encode(errors="surrogatepass")),
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "cost": answer.cost,
            }
        case Cancelled():
            return {"outcome": Outcome.CANCELLED}
        case ProviderTimeout():
            return {"outcome": Outcome.TIMEOUT}
        case _:
            return {"outcome": Outcome.FAILED}


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
