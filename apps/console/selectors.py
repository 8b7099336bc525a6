"""What the home page shows: what waits for you, and what runs."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet

from apps.generation.models import GenerationRun
from apps.generation.selectors import runs_readable, runs_waiting_for
from apps.generation.types import RequestStatus
from apps.governance.models import User
from apps.governance.selectors import accounts_of, scope_ids, scopes_where
from apps.governance.subjects import OpenDecision, decisions_open_for
from apps.governance.types import Action
from apps.providers.models import Budget
from apps.providers.selectors import Usage, month_spend
from apps.repositories.selectors import repositories_readable

UNDER_WAY = (
    RequestStatus.QUEUED,
    RequestStatus.GENERATING,
    RequestStatus.CHECKING,
    RequestStatus.CONSENSUS,
    RequestStatus.APPROVED,
    RequestStatus.DELIVERING,
)
LIMIT = 10
NEARLY = Decimal("0.8")


def waiting_for(user: User) -> list[OpenDecision]:
    """Return what waits for the verdict of *user*, oldest first."""
    return decisions_open_for(user, limit=LIMIT)


def under_way(user: User) -> QuerySet[GenerationRun]:
    """Return the requests that something is being done for."""
    return runs_readable(user).filter(request__status__in=UNDER_WAY)[:LIMIT]


def to_merge(user: User) -> QuerySet[GenerationRun]:
    """Return the delivered requests that *user* may merge: none that they have a part in, or that a gate stops."""
    delivered = (
        runs_readable(user)
        .filter(
            request__status=RequestStatus.DELIVERED,
            repository__scope__in=scope_ids(user, Action.DELIVERY_MERGE),
        )
        .exclude(contributions__user__in=accounts_of(user))
    )
    for status in ("failed", "error"):
        delivered = delivered.exclude(request__pull_request__gates__contains=[{"status": status}])
    return delivered[:LIMIT]


def recent(user: User) -> QuerySet[GenerationRun]:
    """Return the newest requests."""
    return runs_readable(user)[:LIMIT]


def waiting_for_others(user: User) -> QuerySet[GenerationRun]:
    """Return the reviews that wait for anybody but *user*, oldest first."""
    in_review = runs_readable(user).filter(request__status=RequestStatus.IN_REVIEW)
    return in_review.exclude(pk__in=runs_waiting_for(user).values("pk")).order_by("state_changed_at", "request_id")


def may_write(user: User) -> bool:
    """Whether there is a repository that *user* may write specifications for."""
    return scopes_where(user, Action.SPEC_WRITE).exists()


def latest_of(user: User) -> GenerationRun | None:
    """Return the newest request of *user*, or None."""
    return runs_readable(user).filter(requester=user).first()


def has_place(user: User) -> bool:
    """Whether there is a repository that *user* may look at."""
    return repositories_readable(user=user).exists()


def budgets_nearly_used(user: User) -> list[str]:
    """Return the places whose budget of the month is used by 80 % or more, among those whose spend *user* reads."""
    if not Budget.objects.exists():
        return []
    return [
        "the platform" if place.scope is None else str(place.scope)
        for place in month_spend(user).places
        if any(_is_nearly_used(budget, place.usage) for budget in place.budgets)
    ]


def _is_nearly_used(budget: Budget, usage: Usage) -> bool:
    if budget.period != Budget.Period.MONTH:
        return False
    parts = ((usage.tokens, budget.token_limit), (usage.cost, budget.cost_limit))
    return any(limit is not None and used >= limit * NEARLY for used, limit in parts)
