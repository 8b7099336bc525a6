"""
Programming by example: the smallest readable function that satisfies a few examples.

Nothing that a person or a model wrote is run here: the search composes a fixed set of trusted operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ExampleLike", "SynthesisResult", "synthesise"]


class ExampleLike(Protocol):
    """An example by shape: positional and keyword arguments, and the value or the exception expected."""

    @property
    def args(self) -> tuple[object, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, object]: ...
    @property
    def expected(self) -> object: ...
    @property
    def raises(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class SynthesisResult:
    """
    A program and how much to believe it.

    ``program`` is a function definition; ``size`` counts its operations and leaves; ``evidence`` is a sentence.
    """

    program: str
    size: int
    evidence: str


def synthesise(
    examples: Sequence[ExampleLike],
    *,
    entry: str = "solution",
    parameter_names: Sequence[str],
    max_size: int = 7,
    deadline: Callable[[], bool],
) -> SynthesisResult | None:
    """Return the first smallest program that satisfies every example, None when none was found in time."""
    raise NotImplementedError
