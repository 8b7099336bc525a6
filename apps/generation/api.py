"""The verbs of the generation track: /api/ai."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from apps.core.ids import format_id, parse_id
from apps.generation import schemas
from apps.generation.engine.blocking import blockers_in
from apps.generation.engine.specification import risk_tier
from apps.generation.models import GeneratedCodeArtifact
from apps.generation.schemas_analysis import SpecificationAnalysis, SpecificationIn
from apps.generation.selectors import consensus_of, generated_code, run_get, seeded, vote_told
from apps.generation.services.planning import specification_analyse
from apps.generation.services.refactoring import NOTHING, NothingShown, refactoring_suggest
from apps.generation.services.second_reading import reading_request
from apps.generation.services.submission import analysis_summary, request_submit
from apps.generation.services.verbs import tests_write, vote_take
from apps.generation.services.withdrawal import request_withdraw
from apps.governance.http import PROBLEMS, access, current_user, require_anywhere
from apps.governance.types import Action
from apps.providers.selectors import calls_of, cost_of
from apps.repositories.selectors import repository_get

router = Router(tags=["Generation"])


@router.post(
    "/generate/code",
    auth=access("requests:write"),
    response={202: schemas.GenerationAccepted, **PROBLEMS},
    operation_id="generate_code",
    summary="Generate code from a specification",
)
def generate_code(
    request: HttpRequest, response: HttpResponse, payload: schemas.GenerationRequest
) -> Status[dict[str, Any]]:
    """Freeze the specification with its context and queue the generation. People review the result at its page."""
    user = current_user(request)
    submitted = request_submit(
        requester=user,
        repository=repository_get(user=user, name=payload.repository or payload.context.repository),
        title=payload.title,
        text=payload.specification,
        target_path=payload.target_path or payload.context.target_path,
        target_language=payload.target_language,
        demands=payload.demands,
        is_consistent=payload.no_contradiction,
    )
    identity = format_id("req", submitted.pk)
    response["Location"] = f"/api/v1/requests/{identity}"
    run = submitted.run
    return Status(
        202,
        {
            "request_id": identity,
            "job_id": str(run.job_id) if run.job_id else None,
            "status": submitted.status,
            "risk_tier": run.risk_tier,
            "url": reverse("generation:request-detail", args=[submitted.pk]),
        },
    )


@router.post(
    "/requests/{request_id}/withdraw",
    auth=access("requests:stop"),
    response={200: schemas.Withdrawn, **PROBLEMS},
    operation_id="withdraw_request",
    summary="Take a request back that is in review",
)
def withdraw_request(request: HttpRequest, request_id: str, payload: schemas.WithdrawalIn) -> dict[str, Any]:
    """Its review ends and verdicts become void; the rest is kept. Only whoever asked for the code can do it."""
    user = current_user(request)
    run = run_get(user=user, request_id=parse_id("req", request_id))
    request_withdraw(request_id=run.pk, actor=user, reason=payload.reason)
    run.refresh_from_db(fields=["request", "remedy"])
    return {"request_id": format_id("req", run.pk), "status": run.request.status, "remedy": run.remedy}


@router.post(
    "/analyze/specification",
    auth=access("specs:read"),
    response={200: SpecificationAnalysis, 202: SpecificationAnalysis, **PROBLEMS},
    operation_id="analyze_specification",
    summary="Read a specification and say what is missing",
)
def analyze_specification(
    request: HttpRequest, response: HttpResponse, payload: SpecificationIn
) -> Status[dict[str, Any]]:
    """Signatures, examples, criteria, gaps and a clarity score, by rules. With a model asked beside that: 202."""
    require_anywhere(request, Action.SPEC_WRITE)
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository) if payload.repository else None
    specification = specification_analyse(
        title=payload.title, text=payload.specification, repository=repository, target_path=payload.target_path
    )
    analysis = {
        **analysis_summary(specification),
        "risk_tier": risk_tier(specification, paths=()).value,
        "blockers": [
            {"code": one.code, "rule": one.rule, "message": one.message, "remedy": one.remedy}
            for one in blockers_in(specification)
        ],
    }
    if not payload.ask_model:
        return Status(200, {**analysis, "model_reading": None})
    reading = reading_request(
        author=user, title=payload.title, text=payload.specification, scope=repository.scope if repository else None
    )
    reading_id = format_id("read", reading.pk)
    response["Location"] = f"/api/v1/readings/{reading_id}"
    job_id = format_id("job", reading.job_id) if reading.job_id else None
    return Status(
        202, {**analysis, "model_reading": {"reading_id": reading_id, "job_id": job_id, "problem": reading.problem}}
    )


@router.post(
    "/generate/tests",
    auth=access("requests:write"),
    response={200: schemas.TestsOut, **PROBLEMS},
    operation_id="generate_tests",
    summary="Write tests for a specification",
)
def generate_tests(request: HttpRequest, payload: schemas.TestsIn) -> dict[str, Any]:
    """One pytest test for each example of the specification, with the requirements it stands for. Only you see it."""
    require_anywhere(request, Action.SPEC_WRITE)
    artifact = tests_write(
        title=payload.title, text=payload.specification, module=payload.module, requested_by=current_user(request)
    )
    return {
        "artifact_id": format_id("art", artifact.pk),
        "test_code": artifact.generated_code,
        "examples": artifact.performance_metrics["examples"],
        "url": _page(artifact),
    }


@router.post(
    "/generate/refactor",
    auth=access("requests:write"),
    response={200: schemas.RefactorOut, **PROBLEMS},
    operation_id="generate_refactor",
    summary="Suggest a refactoring that is proved to behave the same",
)
def generate_refactor(request: HttpRequest, payload: schemas.RefactorIn) -> dict[str, Any]:
    """Safe simplifications, each taken only where its lines ran and behaved the same. Only you see what is kept."""
    require_anywhere(request, Action.SPEC_WRITE)
    found = refactoring_suggest(code=payload.code, title=payload.title, requested_by=current_user(request))
    left_out = [{"name": name, "reason": reason} for name, reason in found.left_out.items()]
    if isinstance(found, NothingShown):
        return {
            "artifact_id": None,
            "patch": "",
            "code": payload.code,
            "fixes": [],
            "equal_on_inputs": 0,
            "functions": [],
            "inputs_by_function": {},
            "left_out": left_out,
            "reason": NOTHING,
            "url": None,
        }
    return {
        "artifact_id": format_id("art", found.artifact.pk),
        "patch": found.patch,
        "code": found.artifact.generated_code,
        "fixes": [fix.as_json() for fix in found.fixes],
        "equal_on_inputs": sum(found.inputs.values()),
        "functions": list(found.inputs),
        "inputs_by_function": dict(found.inputs),
        "left_out": left_out,
        "reason": "",
        "url": _page(found.artifact),
    }


@router.post(
    "/consensus/vote",
    auth=access("requests:write"),
    response={200: schemas.Vote, **PROBLEMS},
    operation_id="take_vote",
    summary="Compare given candidates by running them",
)
def take_vote(request: HttpRequest, payload: schemas.VoteIn) -> dict[str, Any]:
    """Run each candidate on the examples and on fuzzed inputs in the sandbox and return the vote. Nothing is kept."""
    require_anywhere(request, Action.SPEC_WRITE)
    sources = [(candidate.name, candidate.code) for candidate in payload.candidates]
    return vote_take(title=payload.title, text=payload.specification, sources=sources)


@router.get(
    "/consensus/vote",
    auth=access("requests:read"),
    response={200: schemas.ConsensusOut, **PROBLEMS},
    operation_id="consensus_vote",
    summary="The vote of a request",
)
def consensus_vote(
    request: HttpRequest, request_id: str = Query(..., description="The request, with or without req_.")
) -> dict[str, Any]:
    """
    How the models' candidates voted. It informs people; people approve at the page.

    Where a candidate may be wrong on purpose, whoever is still to vote sees the choice alone: figures that count
    candidates would tell which one it is.
    """
    user = current_user(request)
    run = run_get(user=user, request_id=parse_id("req", request_id))
    consensus = consensus_of(run)
    is_told = not seeded(run, user).is_guarded
    chosen = consensus.selected_implementation if consensus else None
    return {
        "request_id": format_id("req", run.pk),
        "status": run.request.status,
        "failure": run.failure,
        "remedy": run.remedy,
        "human_approved": consensus.human_approved if consensus else None,
        "code": chosen.generated_code if chosen else None,
        "generated": generated_code(chosen) if chosen else None,
        "vote": vote_told(run, user, consensus) if consensus and is_told else None,
        "cost": cost_of(subject_kind="request", subject_id=run.pk) if is_told else None,
        "calls": calls_of(subject_kind="request", subject_id=run.pk).count() if is_told else None,
    }


def _page(artifact: GeneratedCodeArtifact) -> str:
    return reverse("generation:direct-detail", args=[artifact.pk])
