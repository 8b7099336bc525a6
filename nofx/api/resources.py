"""The nouns of the API, in the order of the reference."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from apps.core.errors import NofxError
from apps.docs.resources import PageResource
from apps.evolution.resources import PlanResource, SnapshotResource
from apps.generation.resources import (
    ArtifactResource,
    CandidateResource,
    ConsensusResource,
    DirectArtifactResource,
    DraftResource,
    PullRequestResource,
    RequestResource,
    StageResource,
)
from apps.governance.http import problem, problem_of, record_denial
from apps.governance.resources import (
    AuditEventResource,
    BallotResource,
    RoleResource,
    ScopeResource,
    TokenResource,
)
from apps.governance.rest import Resource
from apps.jobs.resources import JobEventResource, JobResource
from apps.providers.resources import ModelCallResource, ProviderResource
from apps.quality.resources import (
    CodeResource,
    CoverageResource,
    DebtResource,
    ImprovementResource,
    ReviewResource,
    TestSuiteResource,
)
from apps.repositories.resources import RepositoryResource, RevisionResource

RESOURCES: tuple[type[Resource], ...] = (
    RequestResource,
    ArtifactResource,
    DirectArtifactResource,
    ConsensusResource,
    CandidateResource,
    StageResource,
    PullRequestResource,
    DraftResource,
    CodeResource,
    ReviewResource,
    TestSuiteResource,
    ImprovementResource,
    CoverageResource,
    DebtResource,
    SnapshotResource,
    PlanResource,
    PageResource,
    RepositoryResource,
    RevisionResource,
    ProviderResource,
    ModelCallResource,
    JobResource,
    JobEventResource,
    BallotResource,
    AuditEventResource,
    ScopeResource,
    RoleResource,
    TokenResource,
)


def problem_response(error: Exception, context: dict[str, object]) -> HttpResponse | Response | None:
    """Answer what went wrong in a resource with problem+json; None for what nobody expected."""
    request: HttpRequest = context["request"]._request  # type: ignore[attr-defined]  # DRF's request wraps Django's
    if isinstance(error, NofxError):
        record_denial(request, error)
        return problem_of(request, error)
    if isinstance(error, APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "not_valid"
        return problem(request, status=error.status_code, code=code, detail=str(error.default_detail))
    return None


def resource_urls() -> list[URLPattern]:
    """Return the list and the row of every resource."""
    urls: list[URLPattern] = []
    for resource in RESOURCES:
        urls.append(path(resource.noun, resource.as_view({"get": "list"}), name=f"{resource.noun}-list"))
        urls.append(
            path(f"{resource.noun}/<str:pk>", resource.as_view({"get": "retrieve"}), name=f"{resource.noun}-row")
        )
    return urls
