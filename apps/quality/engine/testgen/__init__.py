"""Writes a readable pytest module of hypothesis properties from a text's annotations."""

from __future__ import annotations

from dataclasses import dataclass

from apps.quality.engine.syntax import parse
from apps.quality.engine.testgen.properties import properties_of
from apps.quality.engine.testgen.targets import Skipped, find_targets
from apps.quality.engine.testgen.writing import Writer

MAX_TARGETS = 60


@dataclass(frozen=True)
class GeneratedTests:
    """``source`` is empty where nothing could be tested; ``skipped`` says why."""

    source: str
    functions: tuple[str, ...]
    laws: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def generate_tests(source: str, module: str) -> GeneratedTests:
    """
    Return property tests for the public functions and methods of ``source``, importable as ``module``.

    Every function gets: it never crashes on values of its types, other than by the errors it raises on purpose, and
    gives what its annotation says. Predictable ones: the same answer twice. Where name and types suggest it: doing it
    twice changes nothing, the order does not matter, one function undoes the other. The same text gives the same
    tests.

    :raises Unparsable: the text is not Python.
    """
    targets, skipped = find_targets(parse(source))
    if len(targets) > MAX_TARGETS:
        skipped += [
            Skipped(target.label, f"Only the first {MAX_TARGETS} are tested.") for target in targets[MAX_TARGETS:]
        ]
    properties = list(properties_of(targets[:MAX_TARGETS]))
    text = Writer(module, properties).text() if properties else ""
    functions = tuple(dict.fromkeys(item.target.label for item in properties))
    return GeneratedTests(text, functions, tuple(item.law for item in properties), tuple(skipped))
