"""The pattern library: small, tested, parametrised pieces of code, and finding the one that a task asks for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATTERNS", "Pattern", "PatternMatch", "match"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A reusable piece of code.

    ``template`` is valid Python that defines ``entry`` with ``parameters`` (their names, in order; for a class
    those of its constructor); ``tests`` is a pytest module body that uses ``entry`` by name.
    """

    name: str
    intent: str
    keywords: tuple[str, ...]
    entry: str
    parameters: tuple[str, ...]
    template: str
    tests: str
    when_not: str
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A pattern that fits, how well (0..1), and its code under the names that were asked for."""

    pattern: Pattern
    score: float
    code: str


PATTERNS: tuple[Pattern, ...] = ()


def match(text: str, entry: str | None = None, signature: str | None = None) -> list[PatternMatch]:
    """Return the patterns that fit a task, best first."""
    raise NotImplementedError
