"""Record which patterns of the library candidates have."""

from __future__ import annotations

from apps.generation.models import Candidate, GenerationRun, PatternUse
from apps.knowledge.services import pattern_named, patterns_in
from apps.knowledge.types import PROVIDER


def uses_record(candidate: Candidate, run: GenerationRun) -> None:
    """Record the patterns that stand in *candidate*, in the caller's transaction. Safe to repeat."""
    code = candidate.implementation.generated_code if candidate.implementation else ""
    prefix = f"{PROVIDER}/"
    answered = pattern_named(candidate.model_id.removeprefix(prefix)) if candidate.model_id.startswith(prefix) else None
    shown = {pattern_named(one["title"]) for one in run.request.context_snapshot.get("patterns", [])}
    found = patterns_in(code) | ({answered} if answered else set())
    uses = [
        PatternUse(request_id=candidate.request_id, candidate=candidate, pattern=slug, how=_how(slug, answered, shown))
        for slug in sorted(found)
    ]
    PatternUse.objects.bulk_create(uses, ignore_conflicts=True)


def _how(slug: str, answered: str | None, shown: set[str | None]) -> str:
    how = PatternUse.How
    return str(how.PROVIDER if slug == answered else how.CONTEXT if slug in shown else how.OWN)
