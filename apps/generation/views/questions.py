"""The question that decides most, and what people answered so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.core.numbers import whole_number
from apps.generation.engine.languages import language_of
from apps.generation.models import GenerationRun
from apps.generation.selectors import run_get
from apps.generation.services.answers import answered_text
from apps.generation.services.consensus import outcome_text
from apps.generation.services.evidence import ANY, MAX_ANSWERS, evidence_of
from apps.generation.services.questions import (
    RAISES,
    RETURNS,
    answer_withdraw,
    question_answer,
    reply_key,
)
from apps.generation.types import RequestStatus as Status
from apps.governance.http import current_user
from apps.governance.models import User
from apps.governance.selectors import can, display_name
from apps.governance.types import Action


@login_required
@require_POST
def answer(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run_get(user=user, request_id=request_id)
    position = whole_number(request.POST.get("position", ""))
    reply = request.POST.get("reply", "")
    question_answer(
        request_id=request_id,
        actor=user,
        position=-1 if position is None else position,
        reply=reply,
        value=request.POST.get(f"value_{reply}", "") if reply in {RETURNS, RAISES} else "",
    )
    return _back(request, request_id, "Your answer is an example of the specification now.")


@login_required
@require_POST
def withdraw(request: HtmxRequest, request_id: UUID, answer_id: UUID) -> HttpResponse:
    user = current_user(request)
    run_get(user=user, request_id=request_id)
    answer_withdraw(request_id=request_id, answer_id=answer_id, actor=user)
    return _back(request, request_id, "The answer is withdrawn.")


def _back(request: HtmxRequest, request_id: UUID, text: str) -> HttpResponse:
    address = reverse("generation:review", args=[request_id])
    return notify(request, redirect_after(request, f"{address}#questions"), text)


def question_context(run: GenerationRun, user: User, letters: Mapping[str, str], *, votes: bool) -> dict[str, Any]:
    """
    Return the open question for people who may answer it, and the answers that stand; {} where there are neither.

    *letters* are by candidate; *votes* says whether *user* has a vote to lose by answering.
    """
    if run.request.status != Status.IN_REVIEW and not run.answers.exists():
        return {}
    evidence = evidence_of(run)
    language = language_of(run.target_path)
    is_open = run.request.status == Status.IN_REVIEW
    found = evidence.question() if is_open and can(user, Action.SPEC_WRITE, run.repository.scope) else None
    asked = None
    if found is not None:
        row, item = evidence.rows[found.index], evidence.inputs[found.index]
        asked = {
            "position": row.position,
            "call": item.call.text(run.entry, language.value),
            "origin": row.get_origin_display().lower(),
            "number": len(evidence.answers) + 1,
            "replies": [
                {
                    "key": reply_key(reply.outcome) if reply.outcome.is_comparable else "",
                    "text": outcome_text(reply.outcome, language),
                    "letters": sorted({letters[one] for one in reply.members if one in letters}),
                    "percent": round(100 * reply.share),
                }
                for reply in found.replies
            ],
            "costs_vote": votes,
            "language": language.label,
            "placeholder": f"'text', [1, 2], {language.value(None)}",
            "raises": language.raises,
            "error": language.error,
        }
    given = [
        {
            "id": one.pk,
            "text": answered_text(one, run),
            "by": display_name(one.answered_by),
            "at": one.answered_at,
            "may_withdraw": is_open and user.pk in {one.answered_by_id, run.requester_id},
        }
        for one in evidence.answers
    ]
    return {"asked": asked, "given": given, "most": MAX_ANSWERS, "any": ANY} if asked or given else {}
