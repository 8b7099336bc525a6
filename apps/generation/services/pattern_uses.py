"""Record which patterns of the library candidates have, and which merges were taken back."""

from __future__ import annotations

from django.db import transaction

from apps.core.clock import now
from apps.generation.engine.reverts import reverts_in
from apps.generation.models import Candidate, GenerationRun, PatternUse, PullRequest
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.services import audit_record
from apps.knowledge.services import pattern_named, patterns_in
from apps.knowledge.types import PROVIDER
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history
from apps.repositories.types import RepositoryEmpty

# Commits of the default branch that are looked through for reverts.
LOOKED_THROUGH = 500


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


@transaction.atomic
def reverts_record(*, repository: Repository) -> int:
    """
    Record which merged requests of *repository* were taken back on its default branch; return how many are new.

    A merge is known to be taken back by the subject that git writes for a revert; see :func:`reverts_in`. A default
    branch that is gone says nothing.

    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    try:
        commits = history(repository, head_sha(repository), limit=LOOKED_THROUGH)
    except RepositoryEmpty:
        return 0
    taken_back = reverts_in((commit.sha, commit.subject) for commit in commits)
    merged = PullRequest.objects.filter(
        request__run__repository=repository, state=PullRequest.State.MERGED, request_id__in=taken_back, reverted_at=None
    )
    fresh = list(merged.select_for_update(of=("self",)))
    for pull_request in fresh:
        pull_request.reverted_at, pull_request.revert_sha = now(), taken_back[pull_request.request_id]
        pull_request.save(update_fields=["reverted_at", "revert_sha"])
        audit_record(
            action="request.reverted",
            object_kind=SUBJECT_KIND,
            object_id=pull_request.request_id,
            actor=None,
            scope=repository.scope,
            detail={"commit": pull_request.revert_sha},
        )
    return len(fresh)
