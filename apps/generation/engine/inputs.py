"""Inputs to compare candidates on: the person's examples, and type-aware fuzzing around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.generation.engine.specification.model import FunctionSignature, SpecExample


@dataclass(frozen=True, slots=True)
class CallInput:
    """
    One thing to run a candidate on.

    A plain call has ``args`` and ``kwargs`` for the entry. A session (a class) has ``steps``, statements in order,
    and the ``expression`` whose value is observed; see ``sessions.py`` for how it is run as a call.
    """

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    expression: str = ""

    @property
    def is_session(self) -> bool:
        """Whether the input is a sequence of statements rather than one call of the entry."""
        return bool(self.expression)


def fuzz_inputs(
    signature: FunctionSignature | None, examples: Sequence[SpecExample], *, seed: int, count: int
) -> tuple[CallInput, ...]:
    """Return up to *count* different inputs, the same ones for the same seed."""
    raise NotImplementedError
