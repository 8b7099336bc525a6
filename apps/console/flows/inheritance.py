"""What was merged is documented, indexed and drawn anew, in the background."""

from __future__ import annotations

from apps.docs.services import generation_start
from apps.evolution.services import analysis_start
from apps.governance.models import User
from apps.repositories.models import Repository
from apps.repositories.services import index_request, revision_record


def merge_inherit(repository: Repository, sha: str, merged_by: User) -> None:
    """Ask for the documentation, the index and the architecture of a merge commit."""
    generation_start(repository=repository, requested_by=merged_by, sha=sha)
    analysis_start(repository=repository, requested_by=merged_by, sha=sha)
    index_request(revision=revision_record(repository=repository, sha=sha))
