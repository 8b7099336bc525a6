"""Policies of repositories and what was mined from them as API resources."""

from __future__ import annotations

from apps.governance.rest import Resource
from apps.knowledge.models import MinedPattern, RepositoryPolicy
from apps.repositories.selectors import repository_ids


class RepositoryPolicyResource(Resource):
    """One version of what a repository asks of code. The highest version of a repository counts."""

    noun = "repository-policies"
    prefix = "policy"
    model = RepositoryPolicy
    permit = "governance:read"
    columns = {
        "id": "pk",
        "repository": "",
        "version": "",
        "content": "",
        "content_digest": "",
        "reason": "",
        "written_by": "",
        "written_at": "",
    }
    references = {"repository": "repo", "written_by": "user"}
    filters = ("repository", "version")
    newest = "written_at"
    place_path = "repository"
    places = staticmethod(repository_ids)


class MinedPatternResource(Resource):
    """A structure that recurs in a repository, with its support. It is used for nothing until a person proposes it."""

    noun = "mined-patterns"
    prefix = "mined"
    model = MinedPattern
    permit = "requests:read"
    columns = {
        "id": "pk",
        "repository": "",
        "structure_digest": "",
        "sha": "",
        "template": "",
        "parameters": "",
        "examples": "",
        "support": "",
        "modules": "",
        "approved": "",
        "nodes": "",
        "is_current": "",
        "state": "",
        "name": "",
        "reason": "",
        "decided_by": "",
        "decided_at": "",
        "mined_at": "",
    }
    references = {"repository": "repo", "decided_by": "user"}
    filters = ("repository", "state", "is_current")
    newest = "mined_at"
    place_path = "repository"
    places = staticmethod(repository_ids)
