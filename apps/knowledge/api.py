"""The verbs of knowledge: /api/knowledge."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from apps.governance.http import PROBLEMS, access, current_user
from apps.jobs.http import JobOut, job_accepted
from apps.repositories.selectors import repository_get
from apps.repositories.services import index_again

router = Router(tags=["Knowledge"])


class IndexIn(Schema):
    """The repository to read."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])


@router.post(
    "/index",
    auth=access("quality:write"),
    response={202: JobOut, **PROBLEMS},
    operation_id="index_code",
    summary="Index a repository's code again",
)
def index_code(request: HttpRequest, response: HttpResponse, payload: IndexIn) -> Status[dict[str, Any]]:
    """
    Read the newest commit of the default branch anew in the background, so that its code is found by meaning.

    What was read before is forgotten, and until the job has succeeded similar code is found by words alone. Its
    ``progress`` says how many files were read, and at the end how many files and symbols there are.
    """
    user = current_user(request)
    return job_accepted(
        response, index_again(repository=repository_get(user=user, name=payload.repository), actor=user)
    )
