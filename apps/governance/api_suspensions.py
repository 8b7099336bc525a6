"""
The kill switch, for a person's own session only.

No scope of a token names it, so no token suspends, gives a reason or resumes: the refusal is a 403 and an entry of the
audit chain. A token with ``requests:stop`` stops single runs.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from apps.core.errors import NotFound
from apps.core.ids import format_id, parse_id
from apps.core.numbers import whole_number
from apps.governance.http import PROBLEMS, access, current_user, interactive, session_key
from apps.governance.models import Scope, Suspension
from apps.governance.reauthentication import require_signing
from apps.governance.selectors import readable_scopes
from apps.governance.selectors.ladder import suspensions_readable
from apps.governance.services import generation_suspend, suspension_explain, suspension_vote
from apps.governance.types import Verdict

router = Router(tags=["Governance"])
VERDICTS = {"resume": Verdict.APPROVE, "not_yet": Verdict.REQUEST_CHANGES, "recuse": Verdict.RECUSE}


class SuspensionIn(Schema):
    """What to stop, and where."""

    kind: Literal["everything", "model", "repository"]
    scope: str = Field(
        max_length=400,
        description="The repository or the organisation: its id in /api/v1/scopes, or its name.",
        examples=["Acme/shop", "scope_3"],
    )
    model: str = Field("", max_length=60, description="The provider's name, where one model is stopped.")
    reason: str = Field("", max_length=2_000, description="May be given later.", examples=["It deletes tests."])


class SuspensionReasonIn(Schema):
    """Why it was suspended."""

    reason: str = Field(max_length=2_000, examples=["It deletes tests."])


class ResumingIn(Schema):
    """What a member of the committee says on exactly what stands."""

    verdict: Literal["resume", "not_yet", "recuse"]
    rationale: str = Field(max_length=2_000, examples=["The cause is mended."])
    digest: str = Field(max_length=64, description="The suspension's content_digest.", examples=["3f2c…"])


class SuspensionOut(Schema):
    """Where a suspension stands; ``resumed_at`` is empty while it does."""

    suspension: str
    kind: str
    scope: str
    model: str
    reason: str
    content_digest: str
    suspended_at: str
    resumed_at: str | None


def _out(suspension: Suspension) -> dict[str, Any]:
    return {
        "suspension": format_id("suspension", suspension.pk),
        "kind": suspension.kind,
        "scope": format_id("scope", suspension.scope_id),
        "model": suspension.model,
        "reason": suspension.reason,
        "content_digest": suspension.content_digest,
        "suspended_at": suspension.suspended_at.isoformat(),
        "resumed_at": suspension.resumed_at.isoformat() if suspension.resumed_at else None,
    }


def _place(request: HttpRequest, text: str) -> Scope:
    number = whole_number(text.removeprefix("scope_"))
    organisation, _, repository = text.partition("/")
    wanted = Q(organisation__name=organisation, repository=repository)
    if number is not None:
        wanted = Q(pk=number)
    readable = readable_scopes(current_user(request)).select_related("organisation")
    found = readable.filter(wanted).first()
    if found is None:
        raise NotFound("There is no such place that you can read.", remedy="/api/v1/scopes lists those that you can.")
    return found


def _suspension(request: HttpRequest, text: str) -> UUID:
    identity = parse_id("suspension", text)
    if not suspensions_readable(current_user(request)).filter(pk=identity).exists():
        raise NotFound("There is no such suspension that you can read.")
    return identity


@router.post(
    "/suspensions",
    auth=access(),
    response={200: SuspensionOut, **PROBLEMS},
    operation_id="generation_suspend",
    summary="Suspend AI generation",
)
def suspension_create(request: HttpRequest, response: HttpResponse, payload: SuspensionIn) -> dict[str, Any]:
    """
    Stop generation at once. New work is refused from the answer on, and what runs is stopped within 30 seconds.

    The chair, whoever holds the committee's security seat and administrators stop everything of an organisation or one
    model in it; quality leads too stop a repository. What is suspended already stays so and is answered.
    """
    suspension = generation_suspend(
        kind=payload.kind,
        scope=_place(request, payload.scope),
        model=payload.model,
        reason=payload.reason,
        actor=current_user(request),
        session_key=session_key(request),
    )
    response["Location"] = f"/api/v1/suspensions/{format_id('suspension', suspension.pk)}"
    return _out(suspension)


@router.post(
    "/suspensions/{suspension_id}/reason",
    auth=access(),
    response={200: SuspensionOut, **PROBLEMS},
    operation_id="suspension_explain",
    summary="Say why generation was suspended",
)
def reason_create(request: HttpRequest, suspension_id: str, payload: SuspensionReasonIn) -> dict[str, Any]:
    """Give the reason that was left out when it had to be quick. Ballots without it are void, but a veto stands."""
    suspension = suspension_explain(
        suspension_id=_suspension(request, suspension_id),
        reason=payload.reason,
        actor=current_user(request),
        session_key=session_key(request),
    )
    return _out(suspension)


@router.post(
    "/suspensions/{suspension_id}/ballot",
    auth=access(),
    response={200: SuspensionOut, **PROBLEMS},
    operation_id="suspension_vote",
    summary="Vote on resuming AI generation",
)
def ballot_create(request: HttpRequest, suspension_id: str, payload: ResumingIn) -> dict[str, Any]:
    """
    Vote on what stands. It resumes with the ballots of the chair and of another member of the committee.

    "Not yet" of whoever holds the security seat is a veto until they say otherwise.
    """
    require_signing(request)
    identity = _suspension(request, suspension_id)
    suspension_vote(
        suspension_id=identity,
        voter=current_user(request),
        verdict=VERDICTS[payload.verdict],
        digest=payload.digest,
        rationale=payload.rationale,
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _out(Suspension.objects.get(pk=identity))
