"""The nouns of what a person writes and asks before there is a request; everybody sees their own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.generation.models import DraftAttachment, DraftVersion, SpecificationDraft, SpecificationReading
from apps.governance.models import User
from apps.governance.rest import Resource


class DraftResource(Resource):
    """One of your specifications while it is being written."""

    noun = "drafts"
    prefix = "draft"
    model = SpecificationDraft
    permit = "specs:read"
    columns = {
        "id": "pk",
        "repository": "",
        "title": "",
        "text": "",
        "target_path": "",
        "version": "",
        "created_at": "",
        "updated_at": "",
    }
    references = {"repository": "repo"}
    filters = ("repository",)
    newest = "updated_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's drafts, and with a token of some repositories those for others."""
        own = rows.filter(author=user)
        return own if user.within is None else own.filter(repository__scope__in=user.within)


class DraftAttachmentResource(Resource):
    """A text file that goes with one of your specifications."""

    noun = "draft-attachments"
    prefix = "draftfile"
    model = DraftAttachment
    permit = "specs:read"
    columns = {
        "id": "pk",
        "draft": "",
        "number": "",
        "name": "",
        "size": "",
        "digest": "",
        "text": "",
        "added_at": "",
    }
    references = {"draft": "draft"}
    filters = ("draft",)
    newest = "added_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what other people attached, and with a token of some repositories what is for others."""
        own = rows.filter(draft__author=user)
        return own if user.within is None else own.filter(draft__repository__scope__in=user.within)


class DraftVersionResource(Resource):
    """What one of your specifications said before it said something else."""

    noun = "draft-versions"
    prefix = "draftver"
    model = DraftVersion
    permit = "specs:read"
    columns = {
        "id": "pk",
        "draft": "",
        "number": "",
        "title": "",
        "text": "",
        "reason": "",
        "written_at": "",
        "kept_at": "",
    }
    references = {"draft": "draft"}
    filters = ("draft",)
    newest = "kept_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what other people wrote, and with a token of some repositories what was for others."""
        own = rows.filter(written_by=user)
        return own if user.within is None else own.filter(draft__repository__scope__in=user.within)


class ReadingResource(Resource):
    """What a language model said about one of your specifications."""

    noun = "readings"
    prefix = "read"
    model = SpecificationReading
    permit = "specs:read"
    columns = {
        "id": "pk",
        "draft": "",
        "title": "",
        "text": "",
        "model": "",
        "findings": "",
        "problem": "",
        "job": "",
        "created_at": "",
        "finished_at": "",
    }
    references = {"draft": "draft", "job": "job"}
    filters = ("draft",)
    newest = "created_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what other people asked, and with a token of some repositories what was asked for others."""
        own = rows.filter(author=user)
        return own if user.within is None else own.filter(draft__repository__scope__in=user.within)
