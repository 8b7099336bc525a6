"""Repositories and their revisions as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.selectors import readable_scopes
from apps.governance.subjects import subject_register
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import repository_ids


def _repository_ids(user: User) -> QuerySet[Any]:
    return Repository.objects.filter(scope__in=readable_scopes(user)).values("pk")


def _revision_ids(user: User) -> QuerySet[Any]:
    return Revision.objects.filter(repository__scope__in=readable_scopes(user)).values("pk")


subject_register("repository", readable=_repository_ids)
subject_register("revision", readable=_revision_ids)


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
