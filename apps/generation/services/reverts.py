"""Record which merges were taken back, and learn from it."""

from __future__ import annotations

from django.db import transaction

from apps.core.clock import now
from apps.generation.engine.judging import Cause
from apps.generation.engine.reverts import reverts_in
from apps.generation.models import PullRequest
from apps.generation.services.learning import outcome_learn
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.services import audit_record
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history
from apps.repositories.types import RepositoryEmpty

# Commits of the default branch that are looked through for reverts.
LOOKED_THROUGH = 500


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
    fresh = list(merged.select_related("request__run").select_for_update(of=("self",)))
    for pull_request in fresh:
        pull_request.reverted_at, pull_request.revert_sha = now(), taken_back[pull_request.request_id]
        pull_request.save(update_fields=["reverted_at", "revert_sha"])
        outcome_learn(run=pull_request.request.run, cause=Cause.REVERTED)
        audit_record(
            action="request.reverted",
            object_kind=SUBJECT_KIND,
            object_id=pull_request.request_id,
            actor=None,
            scope=repository.scope,
            detail={"commit": pull_request.revert_sha},
        )
    return len(fresh)
