"""Ticks of reviewers on the files that they looked at."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.models import Canary, Candidate, GenerationRun, ViewedFile
from apps.generation.services.review_subject import REVIEWABLE
from apps.generation.services.reviews import review_lock, reviewer_require
from apps.generation.services.viewing import digests_of
from apps.governance.models import User
from apps.governance.services import ContentChanged


@transaction.atomic
def file_mark(
    *,
    request_id: UUID,
    reviewer: User,
    candidate_id: UUID,
    path: str,
    digest: str,
    is_viewed: bool,
    is_interactive: bool,
) -> None:
    """
    Keep that *reviewer* looked at one file of a candidate, or take that back. Safe to repeat.

    *digest* is the SHA-256 of the file that they were shown.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the reviewer has no vote on this request.
    :raises NotInteractive: the tick came with a token.
    :raises NotFound: there is no such candidate under review, or it does not change this file.
    :raises ContentChanged: the file changed since it was shown.
    """
    run = review_lock(request_id)
    reviewer_require(run=run, reviewer=reviewer, is_interactive=is_interactive)
    found = digests_of(run, candidate_get(run, candidate_id)).get(path)
    if found is None:
        raise NotFound("This candidate does not change such a file.", remedy="Reload the page and look again.")
    if not is_viewed:
        ViewedFile.objects.filter(candidate=candidate_id, reviewer=reviewer, path=path).delete()
        return
    if found != digest:
        raise ContentChanged(
            f"{path} changed while you were reading, so it was not ticked.",
            remedy="Reload the page and look at what is there now.",
        )
    ViewedFile.objects.update_or_create(
        candidate=candidate_id,
        reviewer=reviewer,
        path=path,
        defaults={"request_id": run.pk, "content_digest": digest, "viewed_at": now()},
    )


def candidate_get(run: GenerationRun, candidate_id: UUID) -> Candidate:
    """
    Return a candidate under review, in earnest or wrong on purpose: whoever asks learns nothing of which it is.

    :raises NotFound: there is none.
    """
    found = Candidate.objects.filter(pk=candidate_id, request_id=run.pk, state__in=REVIEWABLE).first()
    if found is None and (canary := Canary.objects.filter(pk=candidate_id, request_id=run.pk).first()):
        return canary.as_candidate()
    if found is None:
        raise NotFound("There is no such candidate in this review.", remedy="Reload the page and look again.")
    return found
