"""Tests written from a specification, and calls read from a candidate's own tests."""

from __future__ import annotations

from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.specification.model import Specification


def tests_from_specification(spec: Specification, module: str) -> str:
    """Return a pytest module with one test for each example; *module* is the dotted path to import from."""
    raise NotImplementedError


def calls_from_tests(source: str, entry: str | None = None) -> tuple[PoolInput, ...]:
    """Return the calls with literal arguments and expectations that a generated test module makes."""
    raise NotImplementedError
