"""Which commits of a repository are what this platform delivered, by its own rows."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from apps.generation.models import PullRequest
from apps.repositories.services import Delivery, patch_lines


def deliveries_of_repository(repository_id: UUID) -> Mapping[str, Delivery]:
    """Return the merges of approved candidates, with the lines of each, and the commits that took merges back."""
    merged = PullRequest.objects.filter(
        state=PullRequest.State.MERGED, request__run__repository=repository_id
    ).values_list("request_id", "merge_sha", "revert_sha", "candidate__patch")
    deliveries = {revert: Delivery(is_revert=True) for _, _, revert, _ in merged if revert}
    return deliveries | {merge: Delivery(str(request), patch_lines(patch)) for request, merge, _, patch in merged}
