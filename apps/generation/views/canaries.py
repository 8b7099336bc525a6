"""The review page where a candidate may be wrong on purpose: nothing gives it away, and afterwards it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.generation.engine.inputs import input_restored
from apps.generation.engine.languages import language_of
from apps.generation.engine.outcomes import outcome_restored, outcomes_agree
from apps.generation.models import Candidate, GenerationRun
from apps.generation.selectors import Lettered, Seeded
from apps.generation.services.consensus import outcome_text

# What a candidate that is wrong on purpose has, too.
EVIDENCE = {"Lint", "Types", "Security", "Anti-patterns", "Dependencies", "Examples", "Quality", "Lines"}
MADE_WRONG = "made wrong on purpose, to see whether reviews find mistakes; it never could be approved."
COUNTED = "Whether it was seen is counted for the repository, and for nobody by name."
WAITS = "Shown after your verdict: here a candidate may be wrong on purpose, and the figures would give it away."


def guarded(run: GenerationRun, seen: Seeded, shown: Sequence[Lettered], context: Mapping[str, Any]) -> dict[str, Any]:
    """Return *context* as whoever is still to vote may see it: without what counts candidates or leaves one out."""
    banners = [("info", _mistake(seen, shown)), *context["banners"]]
    if not seen.is_guarded:
        return {**context, "banners": banners}
    return {
        **context,
        "banners": banners,
        "is_guarded": True,
        "differing": _differing(run, shown),
        "agreement": {"have": None, "unit": "not shown yet", "facts": [], "note": WAITS},
        "checks": [check for check in context["checks"] if check["name"] in EVIDENCE],
        "questions": {},
        "figures": [],
    }


def _mistake(seen: Seeded, shown: Sequence[Lettered]) -> str:
    """Return which candidate was wrong on purpose and what is wrong with it, for whoever may be told."""
    canary = seen.canary
    if canary is None or not seen.is_told:
        return ""
    letter = next(one.letter for one in shown if one.candidate.pk == canary.pk)
    return f"{letter} was {MADE_WRONG} {canary.change} {canary.mistake} {COUNTED}"


def _differing(run: GenerationRun, shown: Sequence[Lettered]) -> dict[str, Any]:
    """Return the shortest input on which the candidates in the review differ, with what each does there."""
    language = language_of(run.target_path)
    executed = [one for one in shown if one.candidate.state == Candidate.State.EXECUTED]
    outcomes = {one.letter: [outcome_restored(stored) for stored in one.candidate.outcomes] for one in executed}
    if len(outcomes) < 2:
        return {}
    found: list[tuple[int, int, str]] = []
    for row in run.inputs.order_by("position"):
        first, *others = [seen[row.position] for seen in outcomes.values() if row.position < len(seen)] or [None]
        if first and not all(outcomes_agree(first, other) for other in others if other):
            text = input_restored(row.call).text(run.entry, language.value)
            found.append((len(text), row.position, text))
    if not found:
        return {}
    _, position, text = min(found)
    return {
        "call": text,
        "outputs": [(letter, outcome_text(seen[position], language)) for letter, seen in outcomes.items()],
    }
