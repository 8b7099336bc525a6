"""What the home page shows: what waits for you, what runs, and what a new installation still lacks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from apps.generation.models import GenerationRun
from apps.generation.selectors import runs_readable, runs_waiting_for
from apps.generation.types import RequestStatus
from apps.governance.models import User
from apps.governance.selectors import accounts_of, scope_ids, scopes_where
from apps.governance.subjects import OpenDecision, decisions_open_for
from apps.governance.types import Action
from apps.quality.models import CoverageReport
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


@dataclass(frozen=True)
class Step:
    """One thing a new installation needs; ``url`` is where this person does it, empty when others do."""

    label: str
    is_done: bool
    url: str


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


def first_steps(user: User) -> list[Step]:
    """Return the first-run checklist; each step is done when the platform holds its result."""
    repositories = repositories_readable(user=user)
    is_measured = CoverageReport.objects.filter(revision__repository__in=repositories).exists()
    merges = scopes_where(user, Action.DELIVERY_MERGE).exists()
    measures = scopes_where(user, Action.QUALITY_MEASURE).exists()
    return [
        _step("Connect a repository", repositories.exists(), "admin:repositories_repository_changelist", user.is_staff),
        _step("Measure its coverage", is_measured, "quality:index", measures),
        _step(
            "Submit a specification",
            runs_readable(user).exists(),
            "generation:spec-new",
            may_write(user),
            query="?example=function",
        ),
        _step(
            "Merge the first change",
            runs_readable(user).filter(request__status=RequestStatus.OBSERVED).exists(),
            "generation:request-list",
            merges,
        ),
    ]


def _step(label: str, is_done: bool, url_name: str, is_theirs: bool, *, query: str = "") -> Step:
    return Step(label, is_done, reverse(url_name) + query if is_theirs and not is_done else "")
