"""How reviews are done, as API resources: figures of groups, and what was wrong on purpose once it may be told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.generation.models import Canary, CanarySetting, ReviewCount, ViewedFile
from apps.generation.selectors import BEFORE_DECISION
from apps.governance.models import User
from apps.governance.rest import Resource
from apps.repositories.selectors import repository_ids


class ReviewCountResource(Resource):
    """
    How many reviews of a repository had how much of the change in view, by tenth, and caught what was wrong on purpose;
    of groups of ten and more only.

    What waits for its group to be large enough is not told, and no figure is about a person.
    """

    noun = "review-counts"
    prefix = "count"
    model = ReviewCount
    permit = "requests:read"
    columns = {"id": "pk", "repository": "", "month": "", "measure": "", "value": "", "reviews": ""}
    references = {"repository": "repo"}
    filters = ("repository", "measure", "month")
    newest = None
    place_path = "repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what still waits for its group."""
        return super().readable(rows.filter(month__isnull=False), user)


class CanaryResource(Resource):
    """A candidate that was wrong on purpose. Absent until its request is decided."""

    noun = "canaries"
    prefix = "canary"
    model = Canary
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "patch": "",
        "checks": "",
        "examples_passed": "",
        "examples_total": "",
        "change": "",
        "mistake": "",
    }
    references = {"request": "req"}
    filters = ("request",)
    newest = None
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what somebody may still vote on, whoever asks: they could tell."""
        return super().readable(rows.exclude(request__status__in=BEFORE_DECISION), user)


class CanarySettingResource(Resource):
    """In how many of a repository's requests, in percent, a candidate is shown that is wrong on purpose."""

    noun = "canary-settings"
    prefix = "canaryset"
    model = CanarySetting
    permit = "requests:read"
    columns = {"id": "pk", "repository": "", "percent": "", "set_by": "", "set_at": ""}
    references = {"repository": "repo", "set_by": "user"}
    filters = ("repository",)
    newest = None
    place_path = "repository"
    places = staticmethod(repository_ids)


class ViewedFileResource(Resource):
    """A file of a candidate that you ticked as viewed, as it read then. Others' ticks are nobody's business."""

    noun = "viewed-files"
    prefix = "viewed"
    model = ViewedFile
    permit = "reviews:read"
    columns = {"id": "pk", "request": "", "candidate": "", "path": "", "content_digest": "", "viewed_at": ""}
    references = {"request": "req"}
    filters = ("request", "candidate")
    newest = "viewed_at"
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what others ticked."""
        return super().readable(rows.filter(reviewer=user), user)
