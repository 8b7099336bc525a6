"""The pattern library as its pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.governance.models import User
from apps.knowledge.engine.antipatterns import ANTIPATTERNS, AntiPattern
from apps.knowledge.engine.matching import match
from apps.knowledge.engine.pattern_model import THEMES, Pattern
from apps.knowledge.engine.search import Found, search
from apps.knowledge.gateways.library import patterns
from apps.knowledge.services import pattern_outcomes_sources
from apps.knowledge.types import PROVIDER, PatternOutcome


@dataclass(frozen=True)
class Filters:
    """What a reader asked for; an unknown theme or kind counts as none."""

    query: str = ""
    theme: str = ""
    kind: str = ""


def patterns_find(filters: Filters) -> Found:
    """Return the patterns that fit, best first."""
    chosen = [
        one
        for one in patterns()
        if filters.theme in ("", one.theme) or filters.theme not in THEMES
        if filters.kind in ("", one.kind) or filters.kind not in ("function", "class")
    ]
    return search(chosen, filters.query)


def pattern_get(slug: str) -> Pattern | None:
    """Return the pattern with this part of a URL."""
    return next((one for one in patterns() if one.slug == slug), None)


def antipattern_get(slug: str) -> AntiPattern | None:
    """Return the anti-pattern with this part of a URL."""
    return next((one for one in ANTIPATTERNS if one.slug == slug), None)


def patterns_matching(*, text: str, entry: str | None, signature: str | None, count: int) -> list[Pattern]:
    """Return the *count* patterns that fit a task best; none that does not fit."""
    return [found.pattern for found in match(patterns(), text, entry, signature)[:count]]


def outcomes_of(user: User) -> Mapping[str, PatternOutcome]:
    """Return what became of each pattern, by its name, in the decided requests that *user* may read; one query."""
    found = [outcome for source in pattern_outcomes_sources() for outcome in source(user)]
    return {outcome.model_id.removeprefix(f"{PROVIDER}/"): outcome for outcome in found}
