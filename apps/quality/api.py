"""The verbs of the quality track: /api/quality."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from apps.core.ids import format_id, parse_id
from apps.governance.errors import Denial, NotAllowed
from apps.governance.http import PROBLEMS, access, current_user, require
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.jobs.http import JobOut, job_accepted
from apps.quality import schemas
from apps.quality.api_uploads import router as uploads_router
from apps.quality.models import AiCodeReview, GeneratedTestSuite, QualityImprovement
from apps.quality.selectors import code_readable, proposal_get, repository_of_proposal
from apps.quality.services import (
    code_load,
    coverage_of_code,
    debt_of_code,
    measurement_start,
    optimise_suggest,
    proposal_apply_start,
    proposal_discard_start,
    review_create,
    test_suite_generate,
)
from apps.quality.types import COVERAGE_JOB, DEBT_JOB, DEFAULT_PATH, Code, InputInvalid, NotApplicable, coverage_json
from apps.repositories.selectors import repository_get

router = Router(tags=["Quality"])
router.add_router("", uploads_router)
WRITE = access("quality:write")


@router.post(
    "/review",
    auth=WRITE,
    response={201: schemas.ReviewOut, **PROBLEMS},
    operation_id="review_code",
    summary="Review Python code",
)
def review_code(request: HttpRequest, payload: schemas.CodeIn) -> Status[dict[str, Any]]:
    """Look at a text with ruff, mypy, bandit and its complexity, and keep what was found. Nothing is run."""
    code = _code(request, payload)
    return Status(201, _review(review_create(code=code, requested_by=current_user(request))))


@router.post(
    "/test/generate",
    auth=WRITE,
    response={201: schemas.SuiteOut, **PROBLEMS},
    operation_id="generate_test_suite",
    summary="Write tests for Python code and run them",
)
def generate_test_suite(request: HttpRequest, payload: schemas.CodeIn) -> Status[dict[str, Any]]:
    """Write property tests from the annotations of a text and run them in the sandbox under coverage."""
    code = _code(request, payload)
    return Status(201, _suite(test_suite_generate(code=code, requested_by=current_user(request))))


@router.post(
    "/coverage/analyze",
    auth=WRITE,
    response={201: schemas.CoverageOut, 202: JobOut, **PROBLEMS},
    operation_id="analyze_coverage",
    summary="Measure which code the tests run",
)
def analyze_coverage(
    request: HttpRequest, response: HttpResponse, payload: schemas.CoverageIn
) -> Status[dict[str, Any]]:
    """Run the tests of a repository's commit in the background (202), or those sent with a text at once (201)."""
    if payload.code is None:
        return _measure(request, response, payload, COVERAGE_JOB)
    if payload.tests is None:
        raise InputInvalid("A text alone has no coverage.", remedy="Send its pytest module as tests.")
    code = _text(request, payload.code, payload.path, payload.repository)
    measured, review = coverage_of_code(code=code, tests=payload.tests, requested_by=current_user(request))
    return Status(
        201,
        {
            "line_percent": measured.line_percent,
            "branch_percent": measured.branch_percent,
            "tests_run": measured.tests_run,
            "tests_failed": measured.failed + measured.errors,
            "files": [coverage_json(file) for file in measured.files],
            "review": _review(review),
        },
    )


@router.post(
    "/debt/assess",
    auth=WRITE,
    response={201: schemas.DebtOut, 202: JobOut, **PROBLEMS},
    operation_id="assess_debt",
    summary="Assess technical debt",
)
def assess_debt(request: HttpRequest, response: HttpResponse, payload: schemas.TreeIn) -> Status[dict[str, Any]]:
    """Assess a repository's commit in the background (202), or a text at once (201). Nothing is run."""
    if payload.code is None:
        return _measure(request, response, payload, DEBT_JOB)
    code = _text(request, payload.code, payload.path, payload.repository)
    result, proposal = debt_of_code(code=code, requested_by=current_user(request))
    return Status(
        201,
        {
            "remediation_minutes": result.minutes,
            "ratio": round(result.ratio, 4),
            "rating": result.rating,
            "files": result.files_json(),
            "proposal": _improvement(proposal),
        },
    )


@router.post(
    "/optimize",
    auth=WRITE,
    response={201: schemas.ImprovementOut, **PROBLEMS},
    operation_id="optimize_code",
    summary="Propose safe improvements",
)
def optimize_code(request: HttpRequest, payload: schemas.CodeIn) -> Status[dict[str, Any]]:
    """Return the linter's safe fixes as a patch, measured before and after. Nothing is changed."""
    code = _code(request, payload)
    return Status(201, _improvement(optimise_suggest(code=code, requested_by=current_user(request))))


@router.post(
    "/apply",
    auth=WRITE,
    response={202: JobOut, **PROBLEMS},
    operation_id="apply_improvement",
    summary="Put a proposal on a branch",
)
def apply_improvement(
    request: HttpRequest, response: HttpResponse, payload: schemas.ProposalIn
) -> Status[dict[str, Any]]:
    """
    Commit the safe fixes of a repository's file on a branch of their own and push it, in the background.

    The base branch is never changed: a person merges. When the file changed on it meanwhile, the job fails and says so.
    """
    proposal = _proposal(request, payload)
    return job_accepted(response, proposal_apply_start(proposal=proposal, requested_by=current_user(request)))


@router.post(
    "/discard",
    auth=WRITE,
    response={202: JobOut, **PROBLEMS},
    operation_id="discard_improvement",
    summary="Remove the branch of an applied proposal",
)
def discard_improvement(
    request: HttpRequest, response: HttpResponse, payload: schemas.ProposalIn
) -> Status[dict[str, Any]]:
    """Remove the branch, here and from the remote, in the background. One that holds more, or is merged, is kept."""
    proposal = _proposal(request, payload)
    return job_accepted(response, proposal_discard_start(proposal=proposal, requested_by=current_user(request)))


def _proposal(request: HttpRequest, payload: schemas.ProposalIn) -> QualityImprovement:
    """Return the proposal that is meant, once it is clear that the person may change branches of its repository."""
    user = current_user(request)
    proposal = proposal_get(code=code_readable(user), proposal_id=parse_id("improvement", payload.improvement))
    repository = repository_of_proposal(proposal)
    if repository is None:
        raise NotApplicable("A text without a repository has no branch.", remedy="Download its patch.")
    require(request, Action.SPEC_WRITE, repository.scope)
    return proposal


def _code(request: HttpRequest, payload: schemas.CodeIn) -> Code:
    """Return the text that is meant, once it is clear that the person may ask about it."""
    if payload.code is not None:
        return _text(request, payload.code, payload.path, payload.repository)
    if not payload.repository or not payload.path:
        raise InputInvalid("There is no code.", remedy="Send code, or repository and path.")
    repository = repository_get(user=current_user(request), name=payload.repository)
    require(request, Action.QUALITY_MEASURE, repository.scope)
    return code_load(repository=repository, path=payload.path, sha=payload.sha)


def _text(request: HttpRequest, text: str, path: str | None, repository: str | None) -> Code:
    if repository:
        raise InputInvalid("Send code or a repository, not both.", remedy="Leave one of them out.")
    user = current_user(request)
    if not scopes_where(user, Action.QUALITY_MEASURE).exists():
        raise NotAllowed(
            "None of your roles allows measuring quality.",
            remedy="An administrator can make you an engineer of a repository.",
            denial=Denial(Action.QUALITY_MEASURE.value, "text", "", detail={"path": request.path}),
        )
    return Code(text=text, path=path or DEFAULT_PATH)


def _measure(
    request: HttpRequest, response: HttpResponse, payload: schemas.TreeIn, kind: str
) -> Status[dict[str, Any]]:
    if not payload.repository:
        raise InputInvalid("There is nothing to measure.", remedy="Send repository, or code.")
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository)
    require(request, Action.QUALITY_MEASURE, repository.scope)
    job = measurement_start(repository=repository, kind=kind, requested_by=user, sha=payload.sha)
    return job_accepted(response, job)


def _review(review: AiCodeReview) -> dict[str, Any]:
    return {
        "id": format_id("review", review.pk),
        "review_type": review.review_type,
        "quality_score": review.quality_score,
        "severity_distribution": review.severity_distribution,
        "findings": review.findings,
        "automated_fixes": review.automated_fixes or [],
        "review_model": review.review_model,
        "created_at": review.created_at,
    }


def _suite(suite: GeneratedTestSuite) -> dict[str, Any]:
    return {
        "id": format_id("suite", suite.pk),
        "test_type": suite.test_type,
        "test_code": suite.test_code,
        "coverage_achieved": suite.coverage_achieved,
        "edge_cases_found": suite.edge_cases_found,
        "execution_results": suite.execution_results,
        "quality_metrics": suite.quality_metrics,
        "created_at": suite.created_at,
    }


def _improvement(improvement: QualityImprovement) -> dict[str, Any]:
    return {
        "id": format_id("improvement", improvement.pk),
        "improvement_type": improvement.improvement_type,
        "original_metrics": improvement.original_metrics,
        "improved_metrics": improvement.improved_metrics,
        "improvement_percentage": improvement.improvement_percentage,
        "applied_at": improvement.applied_at,
    }
