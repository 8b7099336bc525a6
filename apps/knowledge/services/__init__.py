"""What other apps hand to the pattern library, and the anti-patterns that it finds for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apps.governance.models import User
from apps.knowledge.engine.antipatterns import findings
from apps.knowledge.engine.policy import pattern_structure
from apps.knowledge.engine.structure import structures
from apps.knowledge.gateways.library import patterns
from apps.knowledge.types import AntiPatternFinding, PatternOutcome

OutcomesOf = Callable[[User], Iterable[PatternOutcome]]

_sources: list[OutcomesOf] = []


def pattern_outcomes_register(source: OutcomesOf) -> None:
    """
    Let the library's pages show what *source* counts: outcomes by pattern, of what a user may read.

    Whoever keeps candidates lives above this app, and calls this when Django starts.
    """
    if source not in _sources:
        _sources.append(source)


def pattern_outcomes_sources() -> tuple[OutcomesOf, ...]:
    """Return everything that was registered."""
    return tuple(_sources)


def pattern_named(name: str) -> str | None:
    """Return the slug of the pattern with this name, None where the library has none."""
    return next((one.slug for one in patterns() if one.name == name), None)


def patterns_in(code: str) -> set[str]:
    """Return the slugs of the patterns whose structure a definition of *code* has; none where it does not parse."""
    found = {structure for structure, _ in structures(code).values()}
    return {one.slug for one in patterns() if pattern_structure(one) in found} if found else set()


def antipatterns_find(code: str) -> tuple[AntiPatternFinding, ...]:
    """Return the anti-patterns in *code* by place; none where it does not parse. Nothing is run."""
    return tuple(findings(code))
