"""Repositories and their revisions as API resources."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.subjects import subject_register
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import repository_ids, revisions_in


def _repositories_in(_user: User, repositories: Sequence[UUID]) -> QuerySet[Repository]:
    return Repository.objects.filter(pk__in=repositories)


subject_register("repository", places=repository_ids, readable=_repositories_in)
subject_register("revision", places=repository_ids, readable=revisions_in)


class RepositoryResource(Resource):
    """A registered git repository."""

    noun = "repositories"
    prefix = "repo"
    model = Repository
    permit = "requests:read"
    columns = {
        "id": "pk",
        "name": "",
        "organisation": "scope__organisation__name",
        "remote": "",
        "default_branch": "",
        "is_demo": "",
        "created_at": "",
    }
    joins = ("scope__organisation",)
    filters = ("name", "organisation", "is_demo")
    place_path = "scope"


class RevisionResource(Resource):
    """A commit that was looked at."""

    noun = "revisions"
    prefix = "rev"
    model = Revision
    permit = "requests:read"
    columns = {"id": "pk", "repository": "", "sha": "", "subject": "", "committed_at": "", "seen_at": ""}
    references = {"repository": "repo"}
    filters = ("repository", "sha")
    newest = "committed_at"
    place_path = "repository"
    places = staticmethod(repository_ids)
