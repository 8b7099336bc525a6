"""Policies of repositories as API resources."""

from __future__ import annotations

from apps.governance.rest import Resource
from apps.knowledge.models import RepositoryPolicy
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
