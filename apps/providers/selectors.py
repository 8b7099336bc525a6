"""Which providers there are, which of them can be asked now, and how far the local models are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from apps.core.clock import now
from apps.governance.models import PolicyVersion, Scope, User
from apps.governance.selectors import display_name, readable_scopes, role_holders, scope_ids
from apps.governance.selectors.policy_versions import version_ruling
from apps.governance.types import Action, Role
from apps.providers.engine.budgets import Usage, month_start, next_month
from apps.providers.gateways.keys import key_read
from apps.providers.local import state
from apps.providers.local.catalogue import CHOICES, own_models
from apps.providers.models import Budget, ModelCall, Provider
from apps.providers.types import REPLAY, REUSE


@dataclass(frozen=True, slots=True)
class LocalModelStatus:
    """A local model for people: ``bytes`` of ``total`` are here; ``address`` is set while it is served."""

    name: str
    label: str
    state: str
    bytes: int
    total: int
    source: str
    error: str
    address: str

    @property
    def percent(self) -> int:
        """How much of it is here."""
        return min(100, self.bytes * 100 // self.total) if self.total else 0

    @property
    def progress(self) -> str:
        """How much of it is here, in words."""
        return f"{self.bytes // 1_000_000:,} of {self.total // 1_000_000:,} MB"

    @property
    def is_under_way(self) -> bool:
        """Whether its state will change by itself."""
        return self.state not in {state.State.SERVING, state.State.CANCELLED, state.State.REMOVED, state.State.FAILED}

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self.state == state.State.SERVING and bool(self.address)


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """
    Whether a provider can be asked now, and a sentence about it. Nothing is sent to find out.

    One that is not ready and ``is_under_way`` will be by itself; ``is_by_choice`` is one that somebody wants like this,
    or has not begun to use.
    """

    is_ready: bool
    sentence: str
    is_under_way: bool = False
    is_by_choice: bool = False


def models_folder() -> Path:
    """Return where local models and their state lie."""
    return Path(settings.NOFX_HOME) / "models"


def local_models() -> list[LocalModelStatus]:
    """Return all local models that the platform fetches or serves, in the order they were asked for."""
    return [
        LocalModelStatus(
            name=name,
            label=model.label or name,
            state=model.state,
            bytes=model.bytes,
            total=model.total,
            source=model.source,
            error=model.error,
            address=model.address,
        )
        for name, model in state.read(models_folder()).items()
    ]


def local_model_address(name: str) -> str:
    """Return the base URL of a served local model, empty when it is not served."""
    model = state.read(models_folder()).get(name)
    return model.address if model and model.state == state.State.SERVING else ""


def provider_health(provider: Provider) -> ProviderHealth:
    """Return whether *provider* can be asked now, judged by what is known on this machine."""
    if not provider.is_enabled:
        return ProviderHealth(False, "Switched off.", is_by_choice=True)
    if provider.key_variable and not key_read(provider.key_variable):
        is_unused = provider.approved_at is None
        return ProviderHealth(False, f"Waits for its key in {provider.key_variable}.", is_by_choice=is_unused)
    if _is_builtin(provider, REPLAY) and not settings.ENVIRONMENT["NOFX_RECORDED_ANSWERS"]:
        return ProviderHealth(False, "Waits for a file of recordings in NOFX_RECORDED_ANSWERS.")
    if provider.kind == Provider.Kind.LOCAL and not provider.base_url:
        return _local_health(provider.model_id)
    return ProviderHealth(True, "Ready.")


def _local_health(name: str) -> ProviderHealth:
    model = next((model for model in local_models() if model.name == name), None)
    if model is not None and model.is_ready:
        return ProviderHealth(True, "Ready.")
    is_wanted = name in _local_names_wanted()
    if model is None:
        words = "Not on this machine." if is_wanted else "Not on this machine, as NOFX_LOCAL_MODELS asks for others."
        return ProviderHealth(False, words, is_by_choice=not is_wanted)
    words = model.error or f"{model.state.capitalize()}."
    if model.state == state.State.DOWNLOADING:
        words = f"Being fetched: {model.percent} %."
    is_refused = not is_wanted or model.state in {state.State.CANCELLED, state.State.REMOVED}
    return ProviderHealth(False, words, is_under_way=model.is_under_way and not is_refused, is_by_choice=is_refused)


def _local_names_wanted() -> set[str]:
    """Return the local models that the environment asks for."""
    official = {model.name for model in CHOICES.get(settings.ENVIRONMENT["NOFX_LOCAL_MODELS"], ())}
    return official | {model.name for model in own_models(settings.ENVIRONMENT.names("NOFX_LOCAL_MODEL_PATHS"))}


def providers_enabled() -> list[Provider]:
    """
    Return the providers to ask: switched on, approved, and ready as far as can be known without asking them.

    Reuse comes first. A local model that is still being fetched, or an endpoint whose key is not set, is left out.
    """
    return [provider for provider in _ready() if not provider_unapproved(provider)]


def providers_left_out() -> list[tuple[Provider, str]]:
    """Return the providers that are switched on and ready but may not be asked, each with why; one query."""
    return [(provider, why) for provider in _ready() if (why := provider_unapproved(provider))]


def provider_unapproved(provider: Provider) -> str:
    """Return why *provider* may not be asked, as a sentence: it is not approved, or retired. "" when it may."""
    if provider.retires_on is not None and provider.retires_on <= now().date():
        return f"This model was retired on {provider.retires_on:%-d %b %Y}."
    if provider.approved_at is None and not provider.comes_with_the_installation:
        return "This model is not approved yet; another administrator than the one who registered it approves it."
    return ""


def provider_unfit(provider: Provider, task_class: str) -> str:
    """Return why *provider* is not asked for tasks of *task_class*, as a sentence; "" when it is."""
    if provider.task_classes and task_class not in provider.task_classes:
        return "This model is approved for other classes of tasks only."
    return ""


def providers_refused(scope: Scope | None, providers: Iterable[Provider]) -> dict[UUID, str]:
    """
    Return which of *providers* the policy of *scope* does not allow, by id, each with a sentence about it.

    The sentence names the version and who can propose another one. At most two queries, and more for those sentences.
    """
    version = version_ruling(str(PolicyVersion.Kind.PROVIDERS), scope, inherits=True) if scope else None
    allowed = version.content["allowed"] if version else None
    if version is None or allowed is None:
        return {}
    refused = {one.pk: one for one in providers if str(one.pk) not in allowed}
    people = money_people(scope) if refused else ""
    rule = f"version {version.number} of the allowed providers of {version.scope}"
    return {
        key: f"{one.name} is not asked here: it is not in {rule}. {people} can propose another version."
        for key, one in refused.items()
    }


def _ready() -> list[Provider]:
    rows = sorted(Provider.objects.filter(is_enabled=True), key=lambda one: (not _is_builtin(one, REUSE), one.name))
    return [provider for provider in rows if provider_health(provider).is_ready]


def _is_builtin(provider: Provider, name: str) -> bool:
    return provider.kind == Provider.Kind.BUILTIN and provider.model_id == name


def calls_of(*, subject_kind: str, subject_id: UUID) -> QuerySet[ModelCall]:
    """Return the calls made for a subject, oldest first: its cost ledger."""
    calls = ModelCall.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    return calls.select_related("provider").order_by("created_at", "id")


def cost_of(*, subject_kind: str, subject_id: UUID) -> Decimal | None:
    """Return what the calls for a subject cost in US dollars, or None when one of their prices is not known."""
    costs = list(calls_of(subject_kind=subject_kind, subject_id=subject_id).values_list("cost", flat=True))
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def budgets_over(scope: Scope | None) -> QuerySet[Budget]:
    """Return the budgets that a call for *scope* counts against: its own, its organisation's and the platform's."""
    over = Q(scope__isnull=True)
    if scope is not None:
        over |= Q(scope=scope) | Q(scope__organisation=scope.organisation_id, scope__repository="")
    return Budget.objects.filter(over).select_related("scope__organisation")


def budget_usage(budget: Budget, *, subject_kind: str, subject_id: UUID, at: datetime) -> Usage:
    """Return what counts against *budget* at the time *at*: of the subject, or of that month."""
    calls = calls_within(budget.scope)
    if budget.period == Budget.Period.REQUEST:
        calls = calls.filter(subject_kind=subject_kind, subject_id=subject_id)
    else:
        calls = calls.filter(created_at__gte=month_start(at))
    return _usage(calls.aggregate(**_COUNTED))


def calls_within(scope: Scope | None) -> QuerySet[ModelCall]:
    """Return the calls that count against a budget of *scope*; None is the whole platform."""
    return ModelCall.objects.all() if scope is None else ModelCall.objects.filter(_within(scope))


_COUNTED = {
    "tokens": Sum("counted_tokens"),
    "cost": Sum("counted_cost"),
    "unknown": Count("id", filter=Q(counted_cost__isnull=True)),
}


def _within(scope: Scope) -> Q:
    return Q(scope=scope) if scope.repository else Q(scope__organisation=scope.organisation_id)


def _usage(sums: dict[str, Any]) -> Usage:
    return Usage(sums["tokens"] or 0, sums["cost"] or Decimal(0), sums["unknown"])


def money_people(scope: Scope | None) -> str:
    """Return who may change budgets and policies of *scope*: up to three names, and what they are."""
    if scope is None:
        people = list(User.objects.filter(is_active=True, is_superuser=True).order_by("pk")[:_NAMED])
    else:
        people = [user for role in (Role.ADMIN, Role.CHAIR) for user in role_holders(scope, role).order_by("pk")]
    names = list(dict.fromkeys(display_name(user) for user in people))[:_NAMED]
    what = "an administrator or chair" if names else "An administrator"
    return f"{' or '.join(names)} ({what})" if names else what


_NAMED = 3


@dataclass(frozen=True, slots=True)
class Spend:
    """
    What one place used this month. ``budgets`` are those set for it; ``scope`` is None for the platform.

    ``usage.cost`` is what is known; ``usage.unknown`` calls cost something that nobody knows.
    """

    scope: Scope | None
    usage: Usage
    budgets: tuple[Budget, ...]
    may_set: bool


@dataclass(frozen=True, slots=True)
class Month:
    """What the places that a person may read used in a calendar month (UTC), and when the next one begins."""

    begins: date
    ends: date
    places: tuple[Spend, ...]

    @property
    def has_budgets(self) -> bool:
        """Whether anything is limited at all."""
        return any(place.budgets for place in self.places)


def month_spend(user: User) -> Month:
    """
    Return what was used this month where *user* may read, with the budgets set there; five queries.

    Organisations as a whole are listed where the user holds a role in them, and the platform where one has a budget.
    """
    at = now()
    scopes = list(readable_scopes(user).select_related("organisation").order_by("organisation__name", "repository"))
    budgets = _budgets_by_scope(scopes)
    managed = set(scope_ids(user, Action.BUDGET_MANAGE))
    by_scope: dict[int | None, Usage] = {}
    by_organisation: dict[int | None, list[Usage]] = defaultdict(list)
    rows = ModelCall.objects.filter(created_at__gte=month_start(at)).values("scope", "scope__organisation")
    for row in rows.annotate(**_COUNTED).order_by():
        by_scope[row["scope"]] = _usage(row)
        by_organisation[row["scope__organisation"]].append(_usage(row))
    places = [
        Spend(
            scope,
            by_scope.get(scope.pk, Usage()) if scope.repository else _total(by_organisation[scope.organisation_id]),
            tuple(budgets[scope.pk]),
            scope.pk in managed,
        )
        for scope in scopes
    ]
    is_over_all = may_set_platform_budget(user)
    if scopes and (budgets[None] or is_over_all):
        places.insert(0, Spend(None, _total(by_scope.values()), tuple(budgets[None]), is_over_all))
    return Month(month_start(at).date(), next_month(at), tuple(places))


def _budgets_by_scope(scopes: Iterable[Scope]) -> dict[int | None, list[Budget]]:
    found: dict[int | None, list[Budget]] = defaultdict(list)
    for budget in Budget.objects.filter(Q(scope__in=[one.pk for one in scopes]) | Q(scope=None)).order_by("-period"):
        found[budget.scope_id].append(budget)
    return found


def _total(usages: Iterable[Usage]) -> Usage:
    total = Usage()
    for one in usages:
        total = Usage(total.tokens + one.tokens, total.cost + one.cost, total.unknown + one.unknown)
    return total


def may_set_platform_budget(user: User) -> bool:
    """Return whether *user* may limit what all organisations use together: whoever administers the whole platform."""
    return bool(user.is_active and user.is_superuser)
