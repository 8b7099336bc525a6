"""Programming by example as a provider: what it finds satisfies every example; finding nothing, it says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from apps.providers.engine.parameters import parameter_names
from apps.providers.engine.synthesis import synthesise
from apps.providers.models import Provider
from apps.providers.types import Answer, Cancelled, CodeTask, ProviderRefused, ProviderTimeout

NAME = "synthesis"
_LANGUAGE = "python"


@dataclass(frozen=True)
class Synthesis:
    """Searches for the smallest function that the examples allow, for at most *timeout_s* seconds."""

    name: str
    timeout_s: float
    kind: str = "builtin"

    def generate(self, task: CodeTask, *, sample: int, seed: int, cancelled: Callable[[], bool]) -> Answer:
        """Return the one function it finds: it has no randomness, so every sample is the same."""
        names = self._parameters(task)
        started = time.monotonic()
        is_late = False

        def deadline() -> bool:
            nonlocal is_late
            is_late = time.monotonic() - started > self.timeout_s
            return is_late or cancelled()

        entry = task.entry or "solution"
        try:
            found = synthesise(task.examples, entry=entry, parameter_names=names, deadline=deadline)
        except ValueError as error:
            raise ProviderRefused(f"{self.name} cannot write this function: {error}") from None
        if found is None:
            raise self._nothing_found(task, is_late, cancelled())
        return Answer(
            text=f"```python\n{found.program.rstrip()}\n```\n\n{found.evidence}\n",
            model_id=NAME,
            prompt_tokens=None,
            completion_tokens=None,
            cost=Decimal(0),
            latency_ms=(time.monotonic() - started) * 1000,
            note=f"Composed from the examples alone. {found.evidence}",
        )

    def _parameters(self, task: CodeTask) -> tuple[str, ...]:
        if task.language.lower() != _LANGUAGE:
            raise ProviderRefused(f"{self.name} writes Python only.")
        if not task.examples:
            raise ProviderRefused(
                "The synthesiser builds functions from examples, and the specification has none.",
                remedy="Add a few calls with the values they must return.",
            )
        names = parameter_names(task.signature, [(example.args, example.kwargs) for example in task.examples])
        if not names:
            raise ProviderRefused(
                f"{self.name} could not tell the function's parameters.", remedy="Name its signature."
            )
        return names

    def _nothing_found(
        self, task: CodeTask, is_late: bool, is_cancelled: bool
    ) -> Cancelled | ProviderTimeout | ProviderRefused:
        if is_cancelled:
            return Cancelled(f"The search of {self.name} was stopped.")
        if is_late:
            return ProviderTimeout(f"{self.name} found no function within {self.timeout_s:g} seconds.")
        count = len(task.examples)
        examples = "the example" if count == 1 else f"all {count} examples"
        return ProviderRefused(f"{self.name} knows no small function that satisfies {examples}.")


def synthesis_open(provider: Provider) -> Synthesis:
    """Return the provider of a row."""
    return Synthesis(name=provider.name, timeout_s=float(provider.timeout_s))
