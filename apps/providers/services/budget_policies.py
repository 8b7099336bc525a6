"""The policy about what calls may use: what it says, what it would have done to the past, and how it comes to hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.governance.models import PolicyVersion, Scope, User
from apps.governance.policy_kinds import Content, PolicyKind, Trial, hits_of
from apps.governance.services import PolicyInvalid
from apps.governance.types import Action
from apps.providers.engine.budgets import Limits, dollars, month_start
from apps.providers.engine.replay_budgets import PastCall, replay
from apps.providers.forms import BudgetsForm
from apps.providers.models import Budget, ModelCall, Provider
from apps.providers.selectors import calls_within, may_set_platform_budget

PERIODS = {"request": "Each request", "month": "Each month"}
RULES = {"request": "the budget of each request", "month": "the budget of the month"}
LIMITS = (
    "A call counts with what it used. Before it is made, the most that it may use has to fit, so more may be stopped.",
    "What a budget refused then was not made and is not counted; nor is what people would have asked instead.",
    "The other budgets over the same calls are left as they were.",
)


class Budgets(PolicyKind):
    """What calls for a place may use, for each request and in each month."""

    kind = str(PolicyVersion.Kind.BUDGETS)
    slug = "budgets"
    title = "Budgets"
    noun = "the budgets"
    about = "What calls of models may use at most, for each request and in each month."
    effect = "It counts at once, also for what was used this month and by requests under way."
    managers = "An administrator or the chair does; for the whole platform whoever administers it."
    action = Action.BUDGET_MANAGE
    form = BudgetsForm

    def manages_platform(self, user: User) -> bool:
        return may_set_platform_budget(user)

    def starting(self, scope: Scope | None) -> Content:
        rows = {row.period: row for row in Budget.objects.filter(scope=scope)}
        return {period: _said(rows[period]) if period in rows else None for period in PERIODS}

    def lines(self, content: Mapping[str, Any]) -> list[str]:
        return [f"{name}: {_line(content[period])}" for period, name in PERIODS.items()]

    def check(self, version: PolicyVersion) -> None:
        for period, name in PERIODS.items():
            limits = version.content[period]
            if limits is None:
                continue
            tokens, cost = limits["tokens"], limits["cost"]
            if tokens is None and cost is None:
                raise PolicyInvalid(f"{name}: a budget limits tokens, money or both.", remedy="Give one of them.")
            if (tokens or 0) < 0 or Decimal(cost or 0) < 0:
                raise PolicyInvalid(f"{name}: a limit is not below 0.", remedy="0 allows nothing.")

    def trial(self, version: PolicyVersion, *, since: datetime) -> Trial:
        limits = {period: _limits(version.content[period]) for period in PERIODS if version.content[period]}
        found = replay(_past(version.scope, since), limits, since=since)
        rules = {RULES[period]: _requests(subjects) for period, subjects in found.stopped.items()}
        return Trial(
            things="requests",
            outcome="would have been stopped",
            seen=len(_requests(found.asked)),
            stopped=len({key for keys in rules.values() for key in keys}),
            hits=hits_of({f"requests by {rule}": keys for rule, keys in rules.items()}),
            limits=LIMITS,
        )

    def enforce(self, version: PolicyVersion) -> None:
        """Make the rows that calls are held to say what *version* says; the database takes nothing else."""
        for period in PERIODS:
            limits = version.content[period]
            if limits is None:
                Budget.objects.filter(scope=version.scope, period=period).delete()
                continue
            values = {
                "token_limit": limits["tokens"],
                "cost_limit": limits["cost"],
                "allows_unknown_cost": limits["allows_unknown_cost"],
                "set_by": version.published_by,
            }
            Budget.objects.update_or_create(scope=version.scope, period=period, defaults=values)


def _said(budget: Budget) -> Content:
    return {
        "tokens": budget.token_limit,
        "cost": None if budget.cost_limit is None else str(budget.cost_limit),
        "allows_unknown_cost": budget.allows_unknown_cost,
    }


def _limits(said: Mapping[str, Any]) -> Limits:
    cost = None if said["cost"] is None else Decimal(said["cost"])
    return Limits(said["tokens"], cost, said["allows_unknown_cost"])


def _line(said: Mapping[str, Any] | None) -> str:
    if said is None:
        return "no limit."
    limits = _limits(said)
    parts = [f"{limits.tokens:,} tokens"] if limits.tokens is not None else []
    parts += [dollars(limits.cost)] if limits.cost is not None else []
    unknown = ""
    if limits.cost is not None:
        unknown = ", unknown costs allowed" if limits.allows_unknown_cost else ", unknown costs refused"
    return f"at most {' and '.join(parts)}{unknown}."


def _past(scope: Scope | None, since: datetime) -> Iterator[PastCall]:
    """Yield what counts of each call from the beginning of the first month on, in the order they were made."""
    calls = calls_within(scope).filter(created_at__gte=month_start(since))
    made = calls.exclude(outcome=ModelCall.Outcome.REFUSED).exclude(provider__kind=Provider.Kind.BUILTIN)
    columns = ("subject_kind", "subject_id", "created_at", "counted_tokens", "counted_cost")
    for kind, subject, at, tokens, cost in made.order_by("created_at", "id").values_list(*columns).iterator():
        yield PastCall((kind, str(subject)), at, tokens, cost)


def _requests(subjects: tuple[Any, ...]) -> list[str]:
    return [key for kind, key in subjects if kind == "request"]
