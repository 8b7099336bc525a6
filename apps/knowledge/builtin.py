"""The pattern library as a provider: the sample-th best pattern that fits, under the names that were asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from apps.knowledge.engine.matching import match
from apps.knowledge.gateways.library import patterns
from apps.knowledge.types import PROVIDER
from apps.providers.models import Provider
from apps.providers.types import Answer, Cancelled, CodeTask, ProviderRefused

_LANGUAGE = "python"


@dataclass(frozen=True)
class Patterns:
    """Answers from the library: each sample is the next best pattern, so two samples never say the same."""

    name: str
    kind: str = "builtin"

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """
        Return the pattern of rank *sample*.

        :raises ProviderRefused: no pattern fits, or fewer than *sample* + 1 do.
        :raises Cancelled: *cancelled* returned True.
        """
        if cancelled():
            raise Cancelled(f"The call of {self.name} was stopped.")
        if task.language.lower() != _LANGUAGE:
            raise ProviderRefused(f"{self.name} holds Python only.")
        started = time.monotonic()
        found = match(patterns(), f"{task.title}\n{task.text}", task.entry, task.signature)
        if len(found) <= sample:
            count = f"only {len(found)}" if found else "no"
            noun = "patterns" if len(found) > 1 else "pattern"
            raise ProviderRefused(f"The pattern library has {count} {noun} for this.")
        best = found[sample]
        return Answer(
            text=f"```python\n{best.code.rstrip()}\n```\n\nPattern {best.pattern.name}: {best.pattern.intent}\n",
            model_id=f"{PROVIDER}/{best.pattern.name}",
            prompt_tokens=None,
            completion_tokens=None,
            cost=Decimal(0),
            latency_ms=(time.monotonic() - started) * 1000,
        )


def patterns_open(provider: Provider) -> Patterns:
    """Return the provider of a row."""
    return Patterns(name=provider.name)
