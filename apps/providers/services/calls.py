"""Asking: every wanted sample of every provider in parallel, each answer handed over and recorded as it arrives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
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

    Each call is one ``ModelCall`` row, written before *on_answer* is called with the provider's id, the sample's
    index, and the answer or why there is none. *on_answer* and *cancelled* are called in the caller's thread, outside
    any transaction of this service. One failure never stops the others. A provider is asked at most
    ``max_concurrency`` times at once. To continue an interrupted round, pass only the samples that are missing.

    When *cancelled* returns True, calls under way are stopped and recorded as cancelled and the rest is not begun.
    Returns how many answers came.
    """
    stop = threading.Event()
    record = _Recorder(task, subject_kind, subject_id)
    answered = 0
    with _asking(task, [_Sample(*sample) for sample in samples], seed, stop) as pending:
        while pending:
            finished, _ = wait(pending, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            if not stop.is_set() and cancelled():
                stop.set()
                for future in list(pending):
                    if future.cancel():
                        del pending[future]
            for future in finished:
                sample = pending.pop(future, None)
                if sample is None:
                    continue
                reply = future.result()
                answered += isinstance(reply.answer, Answer)
                record.save(sample, reply)
                on_answer(sample.provider.pk, sample.index, reply.answer)
    return answered


@contextmanager
def _asking(
    task: CodeTask, samples: Sequence[_Sample], seed: int, stop: threading.Event
) -> Iterator[dict[Future[_Reply], _Sample]]:
    """Start everything; on the way out, however that happens, stop what still runs and wait for it."""
    pools: dict[UUID, ThreadPoolExecutor] = {}
    pending: dict[Future[_Reply], _Sample] = {}
    try:
        for sample in samples:
            provider = sample.provider
            if provider.pk not in pools:
                pools[provider.pk] = ThreadPoolExecutor(max(1, provider.max_concurrency), f"ask-{provider.name}")
            pending[pools[provider.pk].submit(_ask, task, sample, seed, stop)] = sample
        yield pending
    finally:
        stop.set()
        for pool in pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


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


class _Recorder:
    """Writes the row of each call."""

    def __init__(self, task: CodeTask, subject_kind: str, subject_id: UUID) -> None:
        self._subject = {"subject_kind": subject_kind, "subject_id": subject_id}
        self._digest = prompt_digest(task)

    def save(self, sample: _Sample, reply: _Reply) -> ModelCall:
        call = ModelCall(
            **self._subject,
            provider=sample.provider,
            sample_index=sample.index,
            model_id=sample.provider.model_id,
            prompt_digest=self._digest,
            latency_ms=reply.latency_ms,
        )
        match reply.answer:
            case Answer() as answer:
                call.outcome = Outcome.ANSWERED
                call.model_id = answer.model_id[:120].replace("\0", "")
                call.answer_digest = sha256_hex(answer.text.encode(errors="surrogatepass"))
                call.prompt_tokens = answer.prompt_tokens
                call.completion_tokens = answer.completion_tokens
                call.cost = answer.cost
            case Cancelled():
                call.outcome = Outcome.CANCELLED
            case ProviderTimeout():
                call.outcome = Outcome.TIMEOUT
            case _:
                call.outcome = Outcome.FAILED
        if isinstance(reply.answer, ProviderFailure):
            call.error = str(reply.answer).replace("\0", "")
        call.save(force_insert=True)
        return call


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
