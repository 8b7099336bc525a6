"""Generated pages as API resources."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.docs.models import (
    DocumentationArtifact,
    DocumentationObservation,
    DocumentationRelease,
    DocumentationSource,
)
from apps.docs.types import GENERATE_SUBJECT, VALIDATE_SUBJECT
from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.subjects import subject_register
from apps.repositories.selectors import repository_ids, revisions_in


def _pages_in(_user: User, repositories: Sequence[UUID]) -> QuerySet[DocumentationArtifact]:
    return DocumentationArtifact.objects.filter(source__revision__repository__in=repositories)


subject_register(GENERATE_SUBJECT, places=repository_ids, readable=revisions_in)
subject_register(VALIDATE_SUBJECT, places=repository_ids, readable=_pages_in)


class PageResource(Resource):
    """One generated page, the commit it describes and what its last validation found."""

    noun = "docs-pages"
    prefix = "page"
    model = DocumentationArtifact
    permit = "docs:read"
    columns = {
        "id": "pk",
        "revision": "source__revision",
        "artifact_type": "",
        "target_code_version": "",
        "generated_content": "",
        "format": "",
        "quality_score": "",
        "validation": "source__validation",
        "validated_at": "source__validated_at",
        "last_updated": "",
    }
    references = {"revision": "rev"}
    joins = ("source",)
    filters = ("revision", "artifact_type", "target_code_version", "format")
    newest = "last_updated"
    place_path = "source__revision__repository"
    places = staticmethod(repository_ids)


class PageSourceResource(Resource):
    """Which commit a page was generated from, the symbols it describes, and what its last validation found."""

    noun = "docs-sources"
    prefix = "pagesource"
    model = DocumentationSource
    permit = "docs:read"
    columns = {
        "id": "pk",
        "artifact": "",
        "revision": "",
        "citations": "",
        "validation": "",
        "validated_at": "",
    }
    references = {"artifact": "page", "revision": "rev"}
    filters = ("artifact", "revision")
    newest = None
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class ObservationResource(Resource):
    """How a page stood to one commit, and since when."""

    noun = "docs-observations"
    prefix = "observation"
    model = DocumentationObservation
    permit = "docs:read"
    columns = {
        "id": "pk",
        "repository": "",
        "revision": "",
        "artifact": "",
        "state": "",
        "changes": "",
        "begun_at": "",
        "observed_at": "",
    }
    references = {"repository": "repo", "revision": "rev", "artifact": "page"}
    filters = ("repository", "revision", "artifact", "state")
    newest = "observed_at"
    place_path = "repository"
    places = staticmethod(repository_ids)


class ReleaseResource(Resource):
    """A release of a repository, as it was tagged when it was first seen."""

    noun = "releases"
    prefix = "release"
    model = DocumentationRelease
    permit = "docs:read"
    columns = {"id": "pk", "repository": "", "name": "", "tagged_at": "", "seen_at": ""}
    references = {"repository": "repo"}
    filters = ("repository", "name")
    newest = "seen_at"
    place_path = "repository"
    places = staticmethod(repository_ids)
