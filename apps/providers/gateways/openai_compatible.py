"""Any endpoint that speaks the OpenAI protocol: OpenAI itself, a local llama.cpp server, vLLM, Ollama, a gateway."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream, Omit

from apps.core.clock import now
from apps.providers.engine.answers import AnswerReader
from apps.providers.engine.retry import RetryPolicy, is_retryable_status, next_delay, parse_retry_after
from apps.providers.gateways import http
from apps.providers.gateways.keys import key_read, scrubbed
from apps.providers.types import (
    TAKES_NO_MORE,
    Answer,
    AnswerUnusable,
    Cancelled,
    CodeTask,
    ProviderFailure,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)

_WATCH_SECONDS = 0.1
_CHARS_PER_TOKEN = 16
# A streamed token comes in about 250 bytes of JSON; some servers repeat long identifiers in each.
_BYTES_PER_TOKEN = 1_500
_BYTES_AROUND = 500_000
_SERVER_WORDS = 300
# No two servers have the same code for it, but all of them say it in words.
_TOO_LONG = re.compile(r"context[ _](size|length|window)", re.IGNORECASE)


@dataclass(frozen=True)
class _Retryable(Exception):
    """The attempt failed in a way that may pass; carries what to tell when it does not."""

    error: ProviderUnavailable
    wish_s: float | None = None


@dataclass(slots=True)
class _Attempts:
    """Whether a model may have worked during the attempts so far: ``is_open`` is about the present one."""

    is_open: bool = False
    may_have_worked: bool = False

    def begin(self) -> None:
        self.may_have_worked = self.may_have_worked or self.is_open
        self.is_open = True

    def turned_away(self) -> None:
        """The present attempt reached no model: nobody listened, or the server answered with an error."""
        self.is_open = False

    @property
    def is_unused(self) -> bool:
        return not (self.is_open or self.may_have_worked)


@dataclass(frozen=True)
class OpenAICompatible:
    """
    One model behind one endpoint.

    *timeout_s* bounds an answer with all its repetitions. The first sample is greedy, because that is a model's
    best single guess; the others are drawn at *temperature*. No field holds a key, so none can be shown. With
    *pays_once*, an attempt during which a model may have worked is not repeated, since it costs once more.
    """

    name: str
    kind: str
    base_url: str
    model_id: str
    key_variable: str = ""
    temperature: float = 0.8
    max_tokens: int = 1200
    timeout_s: float = 120.0
    cost: Decimal | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    pays_once: bool = False

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """Ask once, repeating what may pass; see ``CodeProvider.generate`` for what it raises."""
        attempts = _Attempts()
        try:
            key = self._key()
            if cancelled():
                raise self._cancelled()
            request = self._request(task, sample=sample, seed=seed)
            return asyncio.run(self._watched(request, key, cancelled, attempts))
        except ProviderFailure as failure:
            failure.is_unused = attempts.is_unused
            raise

    def _key(self) -> str:
        if not self.key_variable:
            return ""
        key = key_read(self.key_variable)
        if not key:
            raise ProviderUnavailable(
                f"The environment variable {self.key_variable}, which holds the key of {self.name}, is not set.",
                remedy="Set it in the environment or in .env, and start the platform again.",
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ProviderRefused(
                f"The environment variable {self.key_variable} holds something that cannot be a key.",
                remedy="Copy the key again: it has no spaces, line ends or accented letters.",
            )
        return key

    def _request(self, task: CodeTask, *, sample: int, seed: int) -> dict[str, Any]:
        return {
            "model": self.model_id,
            "messages": [{"role": message.role, "content": message.content} for message in task.messages],
            "max_tokens": self.max_tokens,
            "temperature": 0.0 if sample == 0 else self.temperature,
            "seed": (seed + sample) % 2**31,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def _watched(
        self, request: dict[str, Any], key: str, cancelled: Callable[[], bool], attempts: _Attempts
    ) -> Answer:
        """Run the call beside a watch on *cancelled* and the clock, either of which ends it at any moment."""
        started = time.monotonic()
        call = asyncio.create_task(self._repeated(request, key, started, attempts))
        try:
            while not (await asyncio.wait({call}, timeout=_WATCH_SECONDS))[0]:
                if cancelled():
                    raise self._cancelled()
                if time.monotonic() - started > self.timeout_s:
                    raise ProviderTimeout(
                        f"{self.name} did not finish its answer within {self.timeout_s:g} seconds.",
                        remedy="Allow it more time or fewer tokens.",
                    )
            return call.result()
        finally:
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await call

    async def _repeated(self, request: dict[str, Any], key: str, started: float, attempts: _Attempts) -> Answer:
        async with (
            http.client(
                base_url=self.base_url,
                timeout_s=self.timeout_s,
                limit=_BYTES_AROUND + self.max_tokens * _BYTES_PER_TOKEN,
            ) as transport,
            AsyncOpenAI(
                api_key=key or "none",
                base_url=self.base_url or None,
                max_retries=0,
                http_client=transport,
            ) as client,
        ):
            failures = 0
            while True:
                try:
                    reader = await self._adapted(client, request, key, attempts)
                except _Retryable as failure:
                    failures += 1
                    delay = next_delay(
                        self.retries,
                        failures=failures,
                        elapsed_s=time.monotonic() - started,
                        budget_s=self.timeout_s,
                        wish_s=failure.wish_s,
                        chance=random.random(),  # noqa: S311  it spreads retries, it guards nothing
                    )
                    if delay is None or (self.pays_once and not attempts.is_unused):
                        raise failure.error from None
                    await asyncio.sleep(delay)
                else:
                    return self._answer(reader, started)

    async def _adapted(
        self, client: AsyncOpenAI, request: dict[str, Any], key: str, attempts: _Attempts
    ) -> AnswerReader:
        """Make one attempt; a parameter that this model does not know is renamed or left out, each at most once."""
        while True:
            try:
                return await self._attempt(client, request, key, attempts)
            except openai.BadRequestError as error:
                parameter = error.param
                if parameter == "max_tokens" and "max_tokens" in request:
                    request["max_completion_tokens"] = request.pop("max_tokens")
                elif parameter in {"temperature", "seed", "stream_options"} and parameter in request:
                    del request[parameter]
                elif parameter == "stream" and "stream" in request:
                    del request["stream"]
                    request.pop("stream_options", None)
                else:
                    raise self._refused(error, key) from None

    async def _attempt(
        self, client: AsyncOpenAI, request: dict[str, Any], key: str, attempts: _Attempts
    ) -> AnswerReader:
        reader = AnswerReader(max_pieces=self.max_tokens + 64, max_chars=self.max_tokens * _CHARS_PER_TOKEN)
        attempts.begin()
        try:
            await self._read(client, request, reader)
        except openai.BadRequestError:
            attempts.turned_away()
            raise
        except openai.APIStatusError as error:
            attempts.turned_away()
            if not is_retryable_status(error.status_code) or error.code == "insufficient_quota":
                raise self._refused(error, key) from None
            raise self._overloaded(error) from None
        except (openai.APIConnectionError, httpx2.TransportError) as error:
            # The client translates what happens before a body is read, and not what happens while it is.
            if isinstance(error.__cause__, (httpx2.ConnectError, httpx2.ConnectTimeout)):
                attempts.turned_away()
            raise _Retryable(
                ProviderUnavailable(
                    f"{self.name} could not be reached, or the connection to {self._host} broke.",
                    remedy="Check that its address is right and that it runs.",
                )
            ) from None
        except openai.APIError as error:
            words = scrubbed(str(error.message), key)[:_SERVER_WORDS]
            raise _Retryable(ProviderUnavailable(f"{self.name} stopped in mid-answer: {words}")) from None
        except (ValueError, RecursionError):
            raise AnswerUnusable(f"{self.name} sent something that is not valid JSON.") from None
        if reader.refusal:
            words = scrubbed(reader.refusal, key)[:_SERVER_WORDS]
            raise ProviderRefused(f"{self.name} refused to answer: {words}")
        if not reader.is_complete:
            raise _Retryable(ProviderUnavailable(f"{self.name} broke its answer off before the end."))
        return reader

    async def _read(self, client: AsyncOpenAI, request: dict[str, Any], reader: AnswerReader) -> None:
        headers = {} if self.key_variable else {"Authorization": Omit()}
        async with client.chat.completions.with_streaming_response.create(**request, extra_headers=headers) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type == "application/json":
                # The server does not stream; what it sent is one whole completion.
                reader.add(await response.json())
                return
            if media_type != "text/event-stream":
                raise AnswerUnusable(
                    f"{self.name} sent {_plain(media_type) or 'something without a media type'} instead of an answer.",
                    remedy="Check its address: it ends with the API's version, for example /v1.",
                )
            async for event in await response.parse(to=AsyncStream[object]):
                reader.add(event)
                if reader.is_over:
                    return

    def _answer(self, reader: AnswerReader, started: float) -> Answer:
        if not reader.text.strip():
            raise AnswerUnusable(f"{self.name} sent an empty answer.")
        return Answer(
            text=reader.text,
            model_id=(reader.model_id or self.model_id)[:120],
            prompt_tokens=reader.prompt_tokens,
            completion_tokens=reader.completion_tokens,
            cost=self.cost,
            latency_ms=(time.monotonic() - started) * 1000,
            is_truncated=reader.is_truncated,
        )

    def _overloaded(self, error: openai.APIStatusError) -> _Retryable:
        wish = parse_retry_after(error.response.headers.get("retry-after"), now=now())
        reason = TAKES_NO_MORE if error.status_code == 429 else "has a failure of its own"
        return _Retryable(
            ProviderUnavailable(f"{self.name} {reason} (HTTP {error.status_code}).", remedy="Try again later."), wish
        )

    def _refused(self, error: openai.APIStatusError, key: str) -> ProviderRefused:
        if error.status_code in {401, 403}:
            remedy = f"Check the key in {self.key_variable}." if self.key_variable else "It seems to need a key."
        elif error.status_code == 404:
            remedy = "Check its address and the model's name."
        else:
            remedy = ""
        words = _plain(scrubbed(_words_of(error), key))
        if error.status_code in {400, 413} and _TOO_LONG.search(words):
            return ProviderRefused(
                f"The request is longer than what {self.name} can read at once.",
                remedy="Shorten the specification, or leave this to models with a larger context.",
            )
        return ProviderRefused(f"{self.name} refused (HTTP {error.status_code}): {words}", remedy=remedy)

    def _cancelled(self) -> Cancelled:
        return Cancelled(f"The call of {self.name} was stopped.")

    @property
    def _host(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "its server"


def _words_of(error: openai.APIStatusError) -> str:
    """Return the server's own words; the client leaves them out of its message where they are a bare string."""
    body = error.body
    if isinstance(body, str) and "<" not in body and body not in error.message:
        return f"{error.message}: {body}"
    return error.message


def _plain(text: str) -> str:
    """Return a stranger's words fit for one line of a page."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_SERVER_WORDS]
