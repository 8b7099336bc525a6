"""What limits a request: how many answers it may have, and the budgets over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.attempts import attempts_of, did_stop
from apps.generation.services.guidance import may_guide
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.providers.services import budgets_left


def limits_context(run: GenerationRun, user: User, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """
    Return how far *run* is with its attempts and, for whoever asked or answers for money, with its budgets.

    *candidates* are empty where their number must not be told.
    """
    attempts = attempts_of(run, candidates) if candidates else None
    scope = run.repository.scope
    sees_money = run.requester_id == user.pk or can(user, Action.BUDGET_MANAGE, scope)
    is_stopped = attempts is not None and bool(attempts.further) and did_stop(run, attempts)
    return {
        "attempts": attempts,
        "can_raise": is_stopped and may_guide(run, user),
        "budgets": budgets_left(scope=scope, subject_kind=SUBJECT_KIND, subject_id=run.pk) if sees_money else [],
    }
