"""The verbs of documentation: /api/docs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from apps.core.ids import parse_id
from apps.docs.selectors import page_get
from apps.docs.services import generation_start, validation_start
from apps.governance.http import PROBLEMS, access, current_user, require
from apps.governance.types import Action
from apps.jobs.http import JobOut, job_accepted
from apps.repositories.selectors import repository_get

router = Router(tags=["Docs"])
WRITE = access("docs:write")


class GenerateIn(Schema):
    """A commit of a registered repository."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])
    sha: str | None = Field(None, description="Full id of the commit; by default the newest of the default branch.")


class ValidateIn(Schema):
    """The page to check."""

    page: str = Field(description="Id of a page.", examples=["page_6f1f4b9e-8c7d-4a77-9a1c-0c1f5d0f4a11"])


@router.post(
    "/generate",
    auth=WRITE,
    response={202: JobOut, **PROBLEMS},
    operation_id="generate_documentation",
    summary="Write the API page of a repository",
)
def generate_documentation(request: HttpRequest, response: HttpResponse, payload: GenerateIn) -> Status[dict[str, Any]]:
    """
    Write a Markdown page of the public functions and classes of a commit in the background. A commit has one such page.

    When the job has succeeded, its ``progress`` names the ``page``.
    """
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository)
    require(request, Action.DOCS_GENERATE, repository.scope)
    return job_accepted(response, generation_start(repository=repository, requested_by=user, sha=payload.sha))


@router.post(
    "/validate",
    auth=WRITE,
    response={202: JobOut, **PROBLEMS},
    operation_id="validate_documentation",
    summary="Check a page against today's code",
)
def validate_documentation(request: HttpRequest, response: HttpResponse, payload: ValidateIn) -> Status[dict[str, Any]]:
    """
    Compare, in the background, the symbols a page describes with the newest commit's, and docstrings with signatures.

    A symbol is in sync, stale (its signature or docstring changed) or broken (it is gone). When the job has succeeded,
    its ``progress`` names the page's ``state``; what was found is the page's ``validation``.
    """
    user = current_user(request)
    page = page_get(user=user, page_id=parse_id("page", payload.page))
    require(request, Action.DOCS_GENERATE, page.source.revision.repository.scope)
    return job_accepted(response, validation_start(artifact=page, requested_by=user))
