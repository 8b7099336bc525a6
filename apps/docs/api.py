"""The verbs of documentation: /api/docs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from apps.core.ids import format_id, parse_id
from apps.docs.models import DocumentationArtifact
from apps.docs.selectors import page_get
from apps.docs.services import documentation_generate, documentation_validate
from apps.governance.http import PROBLEMS, access, current_user, require
from apps.governance.types import Action
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


class PageOut(Schema):
    """A generated page; ``validation`` is there once it was checked."""

    id: str = Field(examples=["page_6f1f4b9e-8c7d-4a77-9a1c-0c1f5d0f4a11"])
    repository: str
    artifact_type: str = Field(examples=["api"])
    target_code_version: str
    generated_content: str
    format: str = Field(examples=["markdown"])
    quality_score: float | None = Field(description="Share of the public symbols that have a docstring.")
    validation: dict[str, Any] | None
    validated_at: datetime | None
    last_updated: datetime


@router.post(
    "/generate",
    auth=WRITE,
    response={201: PageOut, **PROBLEMS},
    operation_id="generate_documentation",
    summary="Write the API page of a repository",
)
def generate_documentation(request: HttpRequest, payload: GenerateIn) -> Status[dict[str, Any]]:
    """Write a Markdown page of the public functions and classes of a commit. A commit has one such page."""
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository)
    require(request, Action.DOCS_GENERATE, repository.scope)
    return Status(201, _page(documentation_generate(repository=repository, sha=payload.sha, actor=user)))


@router.post(
    "/validate",
    auth=WRITE,
    response={200: PageOut, **PROBLEMS},
    operation_id="validate_documentation",
    summary="Check a page against today's code",
)
def validate_documentation(request: HttpRequest, payload: ValidateIn) -> Status[dict[str, Any]]:
    """
    Compare the symbols a page describes with those of the newest commit, and docstrings with signatures.

    A symbol is in sync, stale (its signature or docstring changed) or broken (it is gone).
    """
    user = current_user(request)
    page = page_get(user=user, page_id=parse_id("page", payload.page))
    require(request, Action.DOCS_GENERATE, page.source.revision.repository.scope)
    return Status(200, _page(documentation_validate(artifact=page, actor=user)))


def _page(page: DocumentationArtifact) -> dict[str, Any]:
    return {
        "id": format_id("page", page.pk),
        "repository": page.source.revision.repository.name,
        "artifact_type": page.artifact_type,
        "target_code_version": page.target_code_version,
        "generated_content": page.generated_content,
        "format": page.format,
        "quality_score": page.quality_score,
        "validation": page.source.validation,
        "validated_at": page.source.validated_at,
        "last_updated": page.last_updated,
    }
