"""Ratings of candidates from 1 to 5, which a person may give with a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.core.errors import NofxError
from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.review_subject import REVIEWABLE
from apps.generation.types import RATINGS, RUBRIC


class RatingRefused(NofxError):
    """A rating is of something else than a candidate under review, or is no number of the rubric."""

    code = "review.rating_refused"
    status = 422


def rubric_kept(run: GenerationRun, rubric: Mapping[UUID, Mapping[str, int]]) -> dict[str, Any]:
    """
    Return ratings as a ballot keeps them, by candidate and criterion of ``RUBRIC``, without the candidates of none.

    :raises RatingRefused: a rating names no candidate under review, no criterion, or no number from 1 to 5.
    """
    rated = {candidate: ratings for candidate, ratings in rubric.items() if ratings}
    known = Candidate.objects.filter(pk__in=rated, request_id=run.pk, state__in=REVIEWABLE).count() if rated else 0
    is_sound = all(
        name in RUBRIC and number in RATINGS for ratings in rated.values() for name, number in ratings.items()
    )
    if known != len(rated) or not is_sound:
        raise RatingRefused(
            "A rating is a number from 1 to 5 for a candidate under review.", remedy="Reload the page and rate again."
        )
    return {str(candidate): dict(ratings) for candidate, ratings in rated.items()}
