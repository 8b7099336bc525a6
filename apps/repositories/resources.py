"""Repositories and their revisions as API resources."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.subjects import subject_register
from apps.repositories.models import CodeIndex, CodeSymbol, IndexedFile, Repository, Revision
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


class CodeIndexResource(Resource):
    """What a commit has, ready to be searched."""

    noun = "code-indexes"
    prefix = "index"
    model = CodeIndex
    permit = "requests:read"
    columns = {
        "id": "pk",
        "revision": "",
        "file_count": "",
        "symbol_count": "",
        "reused": "",
        "unreadable": "",
        "left_out": "",
        "created_at": "",
    }
    references = {"revision": "rev"}
    filters = ("revision",)
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class IndexedFileResource(Resource):
    """One text that a file had, read for the index."""

    noun = "indexed-files"
    prefix = "file"
    model = IndexedFile
    permit = "requests:read"
    columns = {"id": "pk", "repository": "", "path": "", "blob": "", "is_readable": "", "created_at": ""}
    references = {"repository": "repo"}
    filters = ("repository", "path", "blob", "is_readable")
    place_path = "repository"
    places = staticmethod(repository_ids)


class CodeSymbolResource(Resource):
    """A function, class or method of an indexed file."""

    noun = "code-symbols"
    prefix = "symbol"
    model = CodeSymbol
    permit = "requests:read"
    columns = {
        "id": "pk",
        "repository": "",
        "file": "",
        "kind": "",
        "qualname": "",
        "dotted": "",
        "signature": "",
        "docstring": "",
        "line": "",
        "end_line": "",
        "digest": "",
        "calls": "",
        "created_at": "",
    }
    references = {"repository": "repo", "file": "file"}
    filters = ("repository", "file", "kind", "dotted", "digest")
    place_path = "repository"
    places = staticmethod(repository_ids)
