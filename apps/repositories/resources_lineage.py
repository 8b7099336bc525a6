"""Where lines come from as API resources."""

from __future__ import annotations

from apps.governance.rest import Resource
from apps.repositories.models import Lineage, LineBirth, LineEnd, LineSpans
from apps.repositories.selectors import repository_ids


class LineageResource(Resource):
    """The origin of the lines of a commit, counted; its survival curve is by origin, [days, S, low, high, at risk]."""

    noun = "lineages"
    prefix = "lineage"
    model = Lineage
    permit = "requests:read"
    columns = {
        "id": "pk",
        "revision": "",
        "position": "",
        "ai_lines": "",
        "human_lines": "",
        "mixed_lines": "",
        "survival": "",
        "measured_at": "",
    }
    references = {"revision": "rev"}
    filters = ("revision",)
    newest = "measured_at"
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class LineBirthResource(Resource):
    """Lines of one origin that a commit began."""

    noun = "line-births"
    prefix = "birth"
    model = LineBirth
    permit = "requests:read"
    columns = {
        "id": "pk",
        "repository": "",
        "position": "",
        "sha": "",
        "born_at": "",
        "origin": "",
        "request_id": "",
        "lines": "",
    }
    references = {"repository": "repo"}
    filters = ("repository", "origin", "sha")
    newest = "born_at"
    place_path = "repository"
    places = staticmethod(repository_ids)


class LineEndResource(Resource):
    """Lines that a commit ended, by changing or removing them or without an event."""

    noun = "line-ends"
    prefix = "lineend"
    model = LineEnd
    permit = "requests:read"
    columns = {"id": "pk", "birth": "", "path": "", "position": "", "ended_at": "", "is_change": "", "lines": ""}
    references = {"birth": "birth"}
    filters = ("birth", "path", "is_change")
    newest = "ended_at"
    place_path = "birth__repository"
    places = staticmethod(repository_ids)


class LineSpansResource(Resource):
    """The origins of a file's lines, as [number of lines, number of the birth] runs; -1 for blank ones."""

    noun = "line-spans"
    prefix = "spans"
    model = LineSpans
    permit = "requests:read"
    columns = {"id": "pk", "repository": "", "spans": "", "created_at": ""}
    references = {"repository": "repo"}
    filters = ("repository",)
    place_path = "repository"
    places = staticmethod(repository_ids)
