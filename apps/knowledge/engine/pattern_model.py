"""What a pattern is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A reusable piece of code.

    ``template`` is valid Python that defines ``entry`` with ``parameters`` (their names, in order; for a class those
    of its constructor); the last ``optional`` of them have defaults. ``tests`` is the body of a pytest module that
    uses ``entry`` by name.
    """

    name: str
    intent: str
    keywords: tuple[str, ...]
    entry: str
    parameters: tuple[str, ...]
    template: str
    tests: str
    when_not: str
    optional: int = 0
    is_class: bool = False
