"""What was merged is documented, indexed, drawn and mined for patterns anew, in the background."""

from __future__ import annotations

from apps.docs.services import generation_start
from apps.evolution.services import analysis_start
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.knowledge.services.mining import mining_start
from apps.repositories.models import Repository
from apps.repositories.services import index_request, revision_record


def merge_inherit(repository: Repository, sha: str, merged_by: User) -> None:
    """Ask for the documentation, the index, the architecture and the patterns of a merge commit."""
    generation_start(repository=repository, requested_by=merged_by, sha=sha)
    analysis_start(repository=repository, requested_by=merged_by, sha=sha)
    index_request(revision=revision_record(repository=repository, sha=sha))
    if can(merged_by, Action.QUALITY_MEASURE, repository.scope):
        mining_start(repository=repository, actor=merged_by)
