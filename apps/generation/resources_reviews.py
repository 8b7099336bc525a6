"""How reviews are done, as API resources: figures of groups, and what was wrong on purpose once it may be told."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.core.database import Part
from apps.generation.models import Canary, CanarySetting, ReviewComment, ReviewCount, ReviewThread, ViewedFile
from apps.generation.selectors import BEFORE_DECISION
from apps.generation.subjects import blind_requests
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


def _undecided_canaries() -> QuerySet[Canary]:
    return Canary.objects.filter(request__status__in=BEFORE_DECISION)


class ReviewThreadResource(Resource):
    """
    One matter that is discussed in a review. An issue stands in the way of an approval until it is resolved, and
    confirmed where that is asked.

    Others' threads are absent while you are still to vote, so that nobody leads you.
    """

    noun = "review-threads"
    prefix = "thread"
    model = ReviewThread
    permit = "reviews:read"
    columns = {
        "id": "pk",
        "request": "",
        "candidate": "",
        "path": "",
        "side": "",
        "line": "",
        "content_digest": "",
        "author": "",
        "is_issue": "",
        "needs_confirmation": "",
        "opened_at": "",
        "resolved_by": "",
        "resolved_at": "",
        "confirmed_by": "",
        "confirmed_at": "",
    }
    references = {"request": "req", "author": "user", "resolved_by": "user", "confirmed_by": "user"}
    filters = ("request", "is_issue", "author")
    newest = "opened_at"
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out others' threads where *user* is still to vote, and those on what is wrong on purpose."""
        blind = Part(identity="request_id", keys=blind_requests(user)).looked_up
        told = Q(candidate__in=_undecided_canaries().values("pk"))
        return super().readable(rows, user).exclude((blind | told) & ~Q(author=user))


class ReviewCommentResource(Resource):
    """What one person wrote in a thread of a review. Others' comments are absent while you are still to vote."""

    noun = "review-comments"
    prefix = "comment"
    model = ReviewComment
    permit = "reviews:read"
    columns = {"id": "pk", "thread": "", "author": "", "text": "", "written_at": ""}
    references = {"thread": "thread", "author": "user"}
    filters = ("thread", "author")
    newest = "written_at"
    place_path = "thread__request__run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out others' comments where *user* is still to vote, and those on what is wrong on purpose."""
        blind = Part(identity="thread__request_id", keys=blind_requests(user)).looked_up
        told = Q(thread__candidate__in=_undecided_canaries().values("pk"))
        return super().readable(rows, user).exclude((blind | told) & ~Q(author=user))
