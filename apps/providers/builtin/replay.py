"""Recorded answers as a provider: what a model once said to exactly this prompt, always labelled as recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from apps.providers.engine.recordings import Recording, RecordingsUnreadable, recordings_read
from apps.providers.gateways.recordings import recordings_path
from apps.providers.models import Provider
from apps.providers.services.calls import prompt_digest
from apps.providers.types import Answer, Cancelled, CodeTask, ProviderRefused, ProviderUnavailable

MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class Replay:
    """Answers from a file of recordings: the sample-th answer that was recorded for a prompt. No model is asked."""

    name: str
    path: Path | None
    kind: str = "builtin"

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """
        Return the recorded answer of rank *sample* to this prompt.

        :raises ProviderUnavailable: there is no file of recordings, or it cannot be read.
        :raises ProviderRefused: fewer than *sample* + 1 answers were recorded for this prompt.
        :raises Cancelled: *cancelled* returned True.
        """
        if cancelled():
            raise Cancelled(f"The call of {self.name} was stopped.")
        started = time.monotonic()
        found = self._recordings().get(prompt_digest(task), ())
        if len(found) <= sample:
            count = f"only {len(found)} answer{'s' * (len(found) > 1)}" if found else "no answer"
            raise ProviderRefused(f"{self.name} has {count} recorded for this prompt.")
        recording = found[sample]
        return Answer(
            text=recording.text,
            model_id=f"recorded/{recording.model_id}"[:120],
            prompt_tokens=None,
            completion_tokens=None,
            cost=Decimal(0),
            latency_ms=(time.monotonic() - started) * 1000,
            is_truncated=recording.is_truncated,
            note=f"Recorded: {recording.model_id} gave this answer to the same prompt before. No model was asked.",
        )

    def _recordings(self) -> Mapping[str, tuple[Recording, ...]]:
        if self.path is None:
            raise ProviderUnavailable(
                f"{self.name} has no recordings.", remedy="Name their file in NOFX_RECORDED_ANSWERS."
            )
        try:
            if self.path.stat().st_size > MAX_BYTES:
                raise ProviderUnavailable(f"The recordings of {self.name} are larger than {MAX_BYTES // 10**6} MB.")
            with self.path.open(encoding="utf-8") as lines:
                return recordings_read(lines)
        except (OSError, UnicodeDecodeError) as error:
            raise ProviderUnavailable(f"The recordings of {self.name} cannot be read.") from error
        except RecordingsUnreadable as error:
            raise ProviderUnavailable(f"The recordings of {self.name} cannot be read: {error}.") from None


def replay_open(provider: Provider) -> Replay:
    """Return the provider of a row."""
    return Replay(name=provider.name, path=recordings_path("NOFX_RECORDED_ANSWERS"))
