"""What submitting a specification would lead to, as far as the past and the people there are can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from pgvector.django import CosineDistance

from apps.generation.engine.estimates import Range, range_of
from apps.generation.engine.specification import Specification, risk_tier
from apps.generation.models import GenerationRun, StageRecord
from apps.generation.services.lessons import MOST_DISTANCE
from apps.generation.services.weights import task_family
from apps.governance.models import Scope, User
from apps.governance.selectors import approval_prospect, roster_of
from apps.governance.selectors.policies import policy_in, policy_ruling
from apps.governance.types import Leave
from apps.providers.models import Budget, ModelCall, Provider
from apps.providers.selectors import (
    budgets_over,
    provider_unfit,
    providers_enabled,
    providers_left_out,
    providers_refused,
)
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, index_newest, paths_at, paths_of_symbol
from apps.repositories.services import Embedding

RECENT = 200  # requests that an estimate is made of
SIMILAR = 3
REQUESTER = "requester of this request"


@dataclass(frozen=True)
class Approval:
    """Who has to approve. ``missing`` are the seats that nobody could fill; ``people`` is how many may approve."""

    policy: str
    seats: tuple[str, ...]
    needed: int
    missing: tuple[str, ...]
    people: int


@dataclass(frozen=True)
class Estimate:
    """Minutes from the submission to the review, and US dollars; None without history. ``unknown`` have no cost."""

    minutes: Range | None
    cost: Range | None
    unknown: int


@dataclass(frozen=True)
class Asked:
    """A provider that will be asked: for so many answers at once, and for at most so many further ones."""

    name: str
    samples: int
    further: int


@dataclass(frozen=True)
class Outlook:
    """What is shown beside a specification. ``path`` is "" where the platform has yet to choose a new file."""

    base_sha: str
    path: str
    is_new: bool
    owners: tuple[str, ...]
    tier: str
    task_class: str
    approval: Approval
    estimate: Estimate


def outlook_of(*, repository: Repository, requester: User, specification: Specification, target_path: str) -> Outlook:
    """
    Return what submitting *specification* would lead to; eleven queries and two looks at git.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    sha = head_sha(repository)
    path = target_path.strip() or _file_of(repository, specification)
    is_new = path not in paths_at(repository, sha)
    tier = risk_tier(specification, paths=[] if is_new else [path]).value
    owners = [one.name for one in roster_of(repository.scope, path=path).members if one.is_owner and one.is_active]
    return Outlook(
        base_sha=sha,
        path=path,
        is_new=is_new,
        owners=tuple(owners),
        tier=tier,
        task_class=task_family(specification),
        approval=approval_of(repository, requester, tier=tier, path=path),
        estimate=estimate_of(repository),
    )


def _file_of(repository: Repository, specification: Specification) -> str:
    """Return the file that the index knows the entry to be in, "" where it knows none."""
    if specification.entry is None or specification.entry not in specification.known_symbols:
        return ""
    index = index_newest(repository)
    found = paths_of_symbol(index=index, qualname=specification.entry) if index is not None else []
    return found[0] if found else ""


def approval_of(repository: Repository, requester: User, *, tier: str, path: str) -> Approval:
    """Return who has to approve something of *tier* at *path*, and whether they are there; five queries."""
    policy = policy_in(policy_ruling(repository.scope, tier), tier)
    missing, people = approval_prospect(
        policy=policy, scope=repository.scope, barred={requester.pk: REQUESTER}, path=path
    )
    return Approval(
        policy.name,
        tuple(seat.name for seat in policy.seats),
        policy.needed,
        tuple(seat.name for seat in missing),
        people,
    )


def estimate_of(repository: Repository) -> Estimate:
    """Return what the newest requests of *repository* that reached a review took; two queries."""
    reached = StageRecord.objects.filter(run=OuterRef("pk"), stage="review").values("started_at")[:1]
    queued = StageRecord.objects.filter(run=OuterRef("pk"), stage="queued").values("started_at")[:1]
    runs = GenerationRun.objects.filter(repository=repository).annotate(
        queued_at=Subquery(queued), reached_at=Subquery(reached)
    )
    ended = runs.filter(queued_at__isnull=False, reached_at__gte=F("queued_at")).order_by("-state_changed_at")
    rows = list(ended.values_list("pk", "queued_at", "reached_at")[:RECENT])
    costs = (
        ModelCall.objects.filter(subject_kind="request", subject_id__in=[pk for pk, *_ in rows])
        .values("subject_id")
        .annotate(spent=Sum("cost"), unknown=Count("id", filter=Q(cost__isnull=True)))
        .values_list("subject_id", "spent", "unknown")
        .order_by()
    )
    spent = {pk: (cost or Decimal(0), unknown) for pk, cost, unknown in costs}
    known = [float(spent.get(pk, (Decimal(0), 0))[0]) for pk, *_ in rows if not spent.get(pk, (0, 0))[1]]
    minutes = [(reached_at - queued_at).total_seconds() / 60 for _, queued_at, reached_at in rows]
    return Estimate(range_of(minutes), range_of(known), len(rows) - len(known))


def similar_requests(repository: Repository, embedding: Embedding) -> list[GenerationRun]:
    """Return the requests of *repository* whose specifications are nearest, nearest first; one query."""
    distance = CosineDistance("request__specification_embedding", list(embedding.vector))
    near = (
        GenerationRun.objects.filter(repository=repository, embedding_model=embedding.model)
        .annotate(distance=distance)
        .filter(distance__lte=MOST_DISTANCE)
        .select_related("request")
        .only("title", "request__status", "request__created_at")
        .order_by("distance", "pk")
    )
    return list(near[:SIMILAR])


def providers_asked(scope: Scope, leave: Leave, task_class: str) -> tuple[list[Asked], list[tuple[str, str]]]:
    """Return the providers that would be asked for *scope* now, and those that are left out, each with why."""
    ready = providers_enabled()
    by_policy = providers_refused(scope, ready)
    reasons = {
        one.pk: leave.model_refused(one.name) or by_policy.get(one.pk, "") or provider_unfit(one, task_class)
        for one in ready
    }
    asked = [Asked(one.name, one.samples, one.further_samples) for one in ready if not reasons[one.pk]]
    refused: Sequence[tuple[Provider, str]] = [(one, reasons[one.pk]) for one in ready if reasons[one.pk]]
    return asked, [(one.name, why) for one, why in [*refused, *providers_left_out()]]


def budgets_words(repository: Repository) -> list[str]:
    """Return the limits that the calls of a request count against, each in words; one query."""
    return [_budget_words(one) for one in budgets_over(repository.scope).order_by("period", "pk")]


def _budget_words(budget: Budget) -> str:
    money = [f"{budget.cost_limit:,.2f} USD"] if budget.cost_limit is not None else []
    tokens = [f"{budget.token_limit:,} tokens"] if budget.token_limit is not None else []
    place = str(budget.scope) if budget.scope else "the whole platform"
    return f"{' and '.join(money + tokens)} {budget.get_period_display().lower()}, for {place}"
