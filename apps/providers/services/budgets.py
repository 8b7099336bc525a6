"""Budgets: set by people who answer for money, kept before each call under a lock, so that no two calls overspend."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NofxError, NotFound
from apps.governance.models import Scope, User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action
from apps.providers.engine.budgets import Limits, Price, next_month, prompt_bound, refusal
from apps.providers.models import Budget, Provider
from apps.providers.selectors import budget_usage, budgets_over, may_set_platform_budget, money_people
from apps.providers.types import CodeTask

KIND = "budget"
FREE = Decimal(0)


class BudgetInvalid(NofxError):
    """A budget that cannot be meant."""

    code = "budget.invalid"
    status = 422


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


@transaction.atomic
def budget_set(
    *,
    actor: User,
    scope: Scope | None,
    period: str,
    token_limit: int | None,
    cost_limit: Decimal | None,
    allows_unknown_cost: bool = False,
) -> Budget:
    """
    Set what calls for *scope* (None: the whole platform) may use in *period*, in place of what was set before.

    :raises NotAllowed: the actor is neither an administrator nor a chair there.
    :raises BudgetInvalid: it limits nothing, or by less than nothing.
    """
    _check_allowed(actor, scope, "set")
    if period not in Budget.Period.values:
        raise BudgetInvalid("A budget is for each request or for each month.")
    if token_limit is None and cost_limit is None:
        raise BudgetInvalid("A budget limits tokens, money or both.", remedy="Give one of them, or remove the budget.")
    if (token_limit or 0) < 0 or (cost_limit or FREE) < 0:
        raise BudgetInvalid("A limit is not below 0.", remedy="0 allows nothing; an empty field sets no limit.")
    values = {
        "token_limit": token_limit,
        "cost_limit": cost_limit,
        "allows_unknown_cost": allows_unknown_cost,
        "set_by": actor,
    }
    before = Budget.objects.select_for_update().filter(scope=scope, period=period).first()
    detail = {"before": _shown(before) if before else None}
    budget, _ = Budget.objects.update_or_create(scope=scope, period=period, defaults=values)
    _record(budget, actor, "budget.set", {**detail, "after": _shown(budget)})
    return budget


@transaction.atomic
def budget_remove(*, budget_id: UUID, actor: User) -> None:
    """
    Take a budget away.

    :raises NotFound: there is no such budget.
    :raises NotAllowed: the actor is neither an administrator nor a chair there.
    """
    budget = Budget.objects.select_for_update(of=("self",)).select_related("scope").filter(pk=budget_id).first()
    if budget is None:
        raise NotFound("There is no such budget.", remedy="Reload the page.")
    _check_allowed(actor, budget.scope, "remove")
    _record(budget, actor, "budget.remove", {"before": _shown(budget)})
    budget.delete()


def _check_allowed(actor: User, scope: Scope | None, verb: str) -> None:
    may = may_set_platform_budget(actor) if scope is None else can(actor, Action.BUDGET_MANAGE, scope)
    if not may:
        raise NotAllowed(
            "Only an administrator or a chair sets budgets.",
            remedy="Ask one of them.",
            denial=Denial(f"budget.{verb}", KIND, _place_path(scope)[:64], scope.pk if scope else None),
        )


def _record(budget: Budget, actor: User, action: str, detail: dict[str, object]) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=budget.pk,
        actor=actor,
        scope=budget.scope,
        detail={"period": budget.period, "place": _place_path(budget.scope), **detail},
    )


def _place_path(scope: Scope | None) -> str:
    return scope.path if scope else "platform"


def _shown(budget: Budget) -> dict[str, object]:
    return {
        "token_limit": budget.token_limit,
        "cost_limit": None if budget.cost_limit is None else str(budget.cost_limit),
        "allows_unknown_cost": budget.allows_unknown_cost,
    }


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
