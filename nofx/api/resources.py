"""The nouns of the API, in the order of the reference."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from apps.console.resources import BaselineResource, MetricSampleResource
from apps.core.errors import NofxError
from apps.docs.resources import ObservationResource, PageResource, PageSourceResource, ReleaseResource
from apps.evolution.resources import PlanResource, SnapshotResource, SnapshotSourceResource
from apps.generation.resources import (
    AnswerResource,
    ArtifactResource,
    CandidateResource,
    ConsensusResource,
    ContributionResource,
    DirectArtifactResource,
    ObservedInputResource,
    PatternUseResource,
    PullRequestResource,
    RequestResource,
    RunResource,
    StageResource,
)
from apps.generation.resources_learning import ExpertiseChangeResource, JudgementResource
from apps.generation.resources_progress import GuidanceResource, ReviewedContentResource, WatchResource
from apps.generation.resources_reviews import (
    CanaryResource,
    CanarySettingResource,
    ReviewCommentResource,
    ReviewCountResource,
    ReviewThreadResource,
    ViewedFileResource,
)
from apps.generation.resources_specifications import (
    DraftAttachmentResource,
    DraftResource,
    DraftVersionResource,
    ReadingResource,
)
from apps.governance.http import problem, problem_of, record_denial
from apps.governance.resources import (
    ApprovalPolicyResource,
    AuditEventResource,
    BallotResource,
    CodeOwnerResource,
    IdempotencyKeyResource,
    OrganisationResource,
    OverrideResource,
    PolicyVersionResource,
    RoleResource,
    ScopeResource,
    TokenResource,
    UserResource,
)
from apps.governance.resources_attestation import AttestationKeyResource, AttestationResource, EvidencePackResource
from apps.governance.resources_gates import (
    CriterionResource,
    DecisionResource,
    GateDefinitionResource,
    GateEvidenceResource,
    GateFreezeResource,
    GateResource,
    GateSeatResource,
    WaiverResource,
)
from apps.governance.resources_ladder import (
    IncidentResource,
    RungResource,
    SuspensionResource,
    TripwireReadingResource,
)
from apps.governance.resources_profile import AbsenceResource
from apps.governance.resources_records import (
    AccountLinkResource,
    AuditOriginResource,
    ErasureResource,
    LegalHoldResource,
    RetentionSettingResource,
)
from apps.governance.rest import Resource
from apps.jobs.resources import JobEventResource, JobResource
from apps.jobs.resources_told import (
    FeedPositionResource,
    NotificationChoiceResource,
    NotificationMuteResource,
    NotificationResource,
    QueueBeatResource,
    WebhookAttemptResource,
    WebhookDeliveryResource,
    WebhookResource,
    WebhookSecretResource,
)
from apps.knowledge.resources import MinedPatternResource, RepositoryPolicyResource
from apps.providers.resources import BudgetResource, ModelCallResource, ProviderResource
from apps.quality.resources import (
    CodeResource,
    CoverageResource,
    DebtResource,
    ImprovementResource,
    MutationRunResource,
    ProposalBranchResource,
    ReviewResource,
    TestSuiteResource,
)
from apps.quality.resources_runs import (
    DefectReportResource,
    DefectResource,
    QuarantineResource,
    SuiteOutcomeResource,
    SuiteRunResource,
    SuiteTallyResource,
    SuiteTestResource,
)
from apps.repositories.resources import (
    CodeIndexResource,
    CodeSymbolResource,
    IndexedFileResource,
    RepositoryResource,
    RevisionResource,
)
from apps.repositories.resources_lineage import (
    LineageResource,
    LineBirthResource,
    LineEndResource,
    LineSpansResource,
)
from apps.sandbox.resources import SandboxDayResource

RESOURCES: tuple[type[Resource], ...] = (
    RequestResource,
    RunResource,
    ContributionResource,
    ArtifactResource,
    DirectArtifactResource,
    ConsensusResource,
    CandidateResource,
    CanaryResource,
    CanarySettingResource,
    ReviewThreadResource,
    ReviewCommentResource,
    ViewedFileResource,
    ReviewCountResource,
    StageResource,
    ObservedInputResource,
    AnswerResource,
    GuidanceResource,
    WatchResource,
    ReviewedContentResource,
    JudgementResource,
    ExpertiseChangeResource,
    PullRequestResource,
    PatternUseResource,
    DraftResource,
    DraftAttachmentResource,
    DraftVersionResource,
    ReadingResource,
    CodeResource,
    ReviewResource,
    TestSuiteResource,
    MutationRunResource,
    ImprovementResource,
    ProposalBranchResource,
    CoverageResource,
    DebtResource,
    DefectResource,
    DefectReportResource,
    SuiteRunResource,
    SuiteTestResource,
    SuiteOutcomeResource,
    SuiteTallyResource,
    QuarantineResource,
    SnapshotResource,
    SnapshotSourceResource,
    PlanResource,
    PageResource,
    PageSourceResource,
    ObservationResource,
    ReleaseResource,
    RepositoryResource,
    RevisionResource,
    RepositoryPolicyResource,
    MinedPatternResource,
    CodeIndexResource,
    IndexedFileResource,
    CodeSymbolResource,
    LineageResource,
    LineBirthResource,
    LineEndResource,
    LineSpansResource,
    ProviderResource,
    ModelCallResource,
    BudgetResource,
    MetricSampleResource,
    BaselineResource,
    JobResource,
    JobEventResource,
    NotificationResource,
    NotificationChoiceResource,
    NotificationMuteResource,
    WebhookResource,
    WebhookSecretResource,
    WebhookDeliveryResource,
    WebhookAttemptResource,
    FeedPositionResource,
    QueueBeatResource,
    SandboxDayResource,
    BallotResource,
    OverrideResource,
    AbsenceResource,
    ApprovalPolicyResource,
    PolicyVersionResource,
    GateResource,
    GateDefinitionResource,
    CriterionResource,
    WaiverResource,
    GateSeatResource,
    GateFreezeResource,
    GateEvidenceResource,
    DecisionResource,
    RungResource,
    TripwireReadingResource,
    SuspensionResource,
    IncidentResource,
    AuditEventResource,
    AttestationResource,
    AttestationKeyResource,
    EvidencePackResource,
    AuditOriginResource,
    RetentionSettingResource,
    LegalHoldResource,
    AccountLinkResource,
    ErasureResource,
    UserResource,
    OrganisationResource,
    ScopeResource,
    RoleResource,
    CodeOwnerResource,
    TokenResource,
    IdempotencyKeyResource,
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
