"""Budgets: kept before each call under a lock, so that no two calls overspend."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.core.clock import now
from apps.governance.models import Scope
from apps.providers.engine.budgets import Limits, Price, Usage, dollars, next_month, prompt_bound, refusal
from apps.providers.models import Budget, Provider
from apps.providers.selectors import budget_usage, budgets_over, money_people
from apps.providers.types import CodeTask

FREE = Decimal(0)


@dataclass(frozen=True)
class Reservation:
    """The most that a call may use; ``cost`` is None when nobody knows the price."""

    tokens: int
    cost: Decimal | None


def price_of(provider: Provider) -> Price:
    """Return what the tokens of *provider* cost: nothing on this machine, else what an administrator wrote down."""
    if provider.kind != Provider.Kind.OPENAI:
        return Price(FREE, FREE)
    return Price(provider.prompt_price, provider.completion_price)


def reservation_of(provider: Provider, task: CodeTask) -> Reservation:
    """Return the most that asking *provider* once may use. What is built in uses nothing."""
    if provider.kind == Provider.Kind.BUILTIN:
        return Reservation(0, FREE)
    prompt = prompt_bound(message.content for message in task.messages)
    return Reservation(prompt + provider.max_tokens, price_of(provider).cost(prompt, provider.max_tokens))


def budget_refusal(*, wanted: Reservation, scope: Scope | None, subject_kind: str, subject_id: UUID) -> str | None:
    """
    Return the sentence that refuses a call, None when every budget over *scope* allows it.

    The rows of those budgets are locked to the end of the caller's transaction, in which the call must be written down:
    whoever asks next waits, and counts it.
    """
    at = now()
    for budget in budgets_over(scope).select_for_update(of=("self",)).order_by("pk"):
        used = budget_usage(budget, subject_kind=subject_kind, subject_id=subject_id, at=at)
        limits = Limits(budget.token_limit, budget.cost_limit, budget.allows_unknown_cost)
        reason = refusal(limits, used, tokens=wanted.tokens, cost=wanted.cost)
        if reason:
            return f"{_name(budget)} {reason}. {_way_on(budget, is_price_missing='not known' in reason)}"
    return None


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What a request has of one budget over it; ``name`` begins a sentence."""

    name: str
    used: Usage
    limits: Limits
    way_on: str

    @property
    def words(self) -> str:
        """What was used, of how much."""
        used, limits, parts = self.used, self.limits, []
        if limits.tokens is not None:
            parts.append(f"{used.tokens:,} of {limits.tokens:,} tokens")
        if limits.cost is not None:
            unknown = " and calls of unknown cost" if used.unknown else ""
            parts.append(f"{dollars(used.cost)}{unknown} of {dollars(limits.cost)}")
        return ", ".join(parts)

    @property
    def is_used_up(self) -> bool:
        """Whether no call at all would be allowed."""
        tokens, cost = self.limits.tokens, self.limits.cost
        return (tokens is not None and self.used.tokens >= tokens) or (cost is not None and self.used.cost >= cost)


def budgets_left(*, scope: Scope | None, subject_kind: str, subject_id: UUID) -> list[BudgetLeft]:
    """Return what a subject has of each budget over *scope*; a query for each, of which there are at most six."""
    at = now()
    return [
        BudgetLeft(
            _name(budget),
            budget_usage(budget, subject_kind=subject_kind, subject_id=subject_id, at=at),
            Limits(budget.token_limit, budget.cost_limit, budget.allows_unknown_cost),
            _way_on(budget, is_price_missing=False),
        )
        for budget in budgets_over(scope).order_by("period", "pk")
    ]


def budgets_used_up(*, scope: Scope | None, subject_kind: str, subject_id: UUID) -> list[str]:
    """Return a sentence for each budget over *scope* of which a subject has nothing left."""
    found = budgets_left(scope=scope, subject_kind=subject_kind, subject_id=subject_id)
    return [f"{one.name} has nothing left. {one.way_on}" for one in found if one.is_used_up]


def _name(budget: Budget) -> str:
    place = place_of(budget.scope)
    if budget.period == Budget.Period.REQUEST:
        return f"The budget of {place} for one request"
    return f"The monthly budget of {place}"


def place_of(scope: Scope | None) -> str:
    """Return what a budget's scope is called in a sentence."""
    if scope is None:
        return "the whole platform"
    return str(scope) if scope.repository else f"all repositories of {scope.organisation.name}"


def _way_on(budget: Budget, *, is_price_missing: bool) -> str:
    people = money_people(budget.scope)
    raise_it = f"{people} can raise it"
    if is_price_missing:
        return f"{people} can write the model's price down, or allow calls at an unknown cost."
    if budget.period == Budget.Period.REQUEST:
        return f"{raise_it}; each new request begins with the whole of it."
    anew = next_month(now())
    return f"{raise_it}; it begins anew on {anew.day} {anew:%B %Y}."
