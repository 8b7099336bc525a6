"""What can be done with a request that is under way: /api/ai/requests. Nothing here votes or approves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from apps.core.errors import NotFound
from apps.core.ids import format_id, parse_id
from apps.generation import schemas_requests as schemas
from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.selectors import candidates_of, run_get, seeded
from apps.generation.services.attempts import attempts_raise
from apps.generation.services.grafts import candidate_graft
from apps.generation.services.guidance import guidance_add
from apps.governance.http import PROBLEMS, access, current_user
from apps.governance.models import User

router = Router(tags=["Generation"])


@router.post(
    "/requests/{request_id}/guidance",
    auth=access("requests:write"),
    response={201: schemas.GuidanceAdded, **PROBLEMS},
    operation_id="add_guidance",
    summary="Add to what a request asks for",
)
def add_guidance(
    request: HttpRequest, response: HttpResponse, request_id: str, payload: schemas.GuidanceIn
) -> Status[dict[str, Any]]:
    """
    Models asked from then on read it; in review and after a failure they are asked again, and verdicts are void.

    Only whoever asked for the code can do it, as on its page, and they approve nothing of it.
    """
    user = current_user(request)
    run = run_get(user=user, request_id=parse_id("req", request_id))
    given = guidance_add(request_id=run.pk, actor=user, text=payload.text)
    identity = format_id("guide", given.pk)
    response["Location"] = f"/api/v1/guidance/{identity}"
    return Status(
        201,
        {
            "guidance_id": identity,
            "request_id": format_id("req", run.pk),
            "version": given.version,
            "digest": given.digest,
            "status": _status(run),
        },
    )


@router.post(
    "/requests/{request_id}/attempts",
    auth=access("requests:write"),
    response={202: schemas.AttemptsRaised, **PROBLEMS},
    operation_id="raise_attempts",
    summary="Raise the limit of a request that stopped at it, and continue",
)
def raise_attempts(
    request: HttpRequest, response: HttpResponse, request_id: str, payload: schemas.AttemptsIn
) -> Status[dict[str, Any]]:
    """
    Each model is asked as often again as at first, within the budgets that hold; verdicts are void.

    Only whoever asked for the code can do it, as on its page.
    """
    user = current_user(request)
    run = run_get(user=user, request_id=parse_id("req", request_id))
    attempts = attempts_raise(request_id=run.pk, actor=user)
    identity = format_id("req", run.pk)
    response["Location"] = f"/api/v1/requests/{identity}"
    return Status(
        202, {"request_id": identity, "before": attempts.of, "limit": attempts.raised, "status": _status(run)}
    )


@router.post(
    "/requests/{request_id}/grafts",
    auth=access("requests:write"),
    response={202: schemas.Grafted, **PROBLEMS},
    operation_id="graft_candidates",
    summary="Put functions of other candidates into one, as a candidate of its own",
)
def graft_candidates(
    request: HttpRequest, response: HttpResponse, request_id: str, payload: schemas.GraftIn
) -> Status[dict[str, Any]]:
    """
    It is checked and run like every candidate; until somebody else puts it up, nothing is up for approval but what was.

    Whoever may vote on the request can do it, as on the review page, is its editor from then on and cannot approve.
    """
    user = current_user(request)
    run = run_get(user=user, request_id=parse_id("req", request_id))
    known = _candidates(run, user)
    made = candidate_graft(
        request_id=run.pk,
        actor=user,
        base_id=_known(payload.base, known),
        parts={part.function: _known(part.candidate, known) for part in payload.parts},
        reason=payload.reason,
    )
    identity = format_id("cand", made.pk)
    response["Location"] = f"/api/v1/candidates/{identity}"
    return Status(202, {"candidate_id": identity, "request_id": format_id("req", run.pk), "state": made.state})


def _candidates(run: GenerationRun, user: User) -> set[UUID]:
    """Return the candidates whose ids *user* may know: none where one may be wrong on purpose, before their verdict."""
    return set() if seeded(run, user).is_guarded else {one.pk for one in candidates_of(run)}


def _known(text: str, known: Collection[UUID]) -> UUID:
    candidate_id = parse_id("cand", text)
    if candidate_id not in known:
        raise NotFound(
            "The request has no candidate with this id that you can read.",
            remedy="Choose on its review page, which shows candidates by letter.",
        )
    return candidate_id


def _status(run: GenerationRun) -> str:
    return CodeGenerationRequest.objects.values_list("status", flat=True).get(pk=run.pk)
