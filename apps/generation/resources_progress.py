"""What happens to a request on its way, as API resources: guidance, who watches it, what was voted on."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.generation.models import Guidance, ReviewedContent, Watch
from apps.governance.models import User
from apps.governance.rest import Resource
from apps.repositories.selectors import repository_ids


class GuidanceResource(Resource):
    """What the author of a request added to it, as a version of what is asked for."""

    noun = "guidance"
    prefix = "guide"
    model = Guidance
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "version": "",
        "text": "",
        "digest": "",
        "given_by": "",
        "given_at": "",
    }
    references = {"request": "req", "given_by": "user"}
    filters = ("request",)
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)


class WatchResource(Resource):
    """A request of somebody else whose end you are told of."""

    noun = "watches"
    prefix = "watch"
    model = Watch
    permit = "requests:read"
    columns = {"id": "pk", "request": "run", "began_at": ""}
    references = {"request": "req"}
    filters = ("request",)
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what other people watch."""
        return super().readable(rows.filter(user=user), user)


class ReviewedContentResource(Resource):
    """Which candidate a digest that people voted on was about."""

    noun = "reviewed-contents"
    prefix = "reviewed"
    model = ReviewedContent
    permit = "requests:read"
    columns = {"id": "pk", "request": "run", "digest": "", "candidate": "", "kept_at": ""}
    references = {"request": "req", "candidate": "cand"}
    filters = ("request",)
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)
