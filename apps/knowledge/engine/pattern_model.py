"""What a pattern is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ParameterKind = Literal["entry", "argument", "name", "constant"]

THEMES = {
    "async": "Asynchronous work",
    "batching": "Batching and grouping",
    "caching": "Caching",
    "checksums": "Checksums",
    "cli": "Command line and configuration",
    "django": "Django",
    "events": "Events and state",
    "graphs": "Graphs",
    "http": "HTTP endpoints",
    "intervals": "Intervals",
    "layers": "Repositories and services",
    "money": "Money",
    "pagination": "Pagination",
    "parsing": "Parsing",
    "resilience": "Resilience",
    "text": "Text",
    "time": "Dates and times",
    "validation": "Validation",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    A place of a template that may be filled otherwise.

    The entry, its arguments and further names are renamed; a constant at the top of the module gets another value.
    """

    name: str
    kind: ParameterKind
    meaning: str
    default: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A reusable piece of code.

    ``template`` is valid Python that defines ``entry``, a function or a class; its ``arguments`` are those of the
    function or of the class's constructor, in order, and the last ``optional`` of them have defaults; a
    framework gives those in ``fixed`` their names. ``tests`` is a
    pytest module that imports from ``solution``, which is where the template is. ``packages`` are what it needs beside
    the standard library; then the first keyword must be named before it is offered.
    """

    slug: str
    name: str
    theme: str
    intent: str
    keywords: tuple[str, ...]
    entry: str
    is_class: bool
    arguments: tuple[str, ...]
    fixed: tuple[str, ...]
    optional: int
    parameters: tuple[Parameter, ...]
    why_no_parameters: str
    packages: tuple[str, ...]
    template: str
    tests: str
    when: str
    when_not: str
    source: str
    licence: str
    language: str = "python"

    @property
    def kind(self) -> str:
        """Whether it defines a function or a class."""
        return "class" if self.is_class else "function"
