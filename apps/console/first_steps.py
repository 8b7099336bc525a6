"""What a new installation still lacks, measured from what the platform holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.urls import reverse

from apps.docs.models import DocumentationSource
from apps.evolution.models import SnapshotSource
from apps.generation.selectors import runs_readable
from apps.generation.types import RequestStatus
from apps.governance.models import RoleAssignment, User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action, Role
from apps.jobs.models import NotificationMute
from apps.providers.selectors import providers_enabled
from apps.quality.models import CoverageReport, DebtAssessment
from apps.repositories.selectors import repositories_readable

# Two besides whoever asks: one could be the requester, and nobody reviews their own.
REVIEWERS = 3
_DISMISSAL = {"subject_kind": "first_steps", "subject_id": "home"}
TITLE = "First steps on the home page"


@dataclass(frozen=True)
class Step:
    """One thing a new installation needs; ``url`` is where this person does it, empty when others do."""

    label: str
    is_done: bool
    url: str


def first_steps(user: User) -> list[Step]:
    """Return the first-run checklist; each step is done when the platform holds its result."""
    repositories = repositories_readable(user=user)
    measures = scopes_where(user, Action.QUALITY_MEASURE).exists()
    writes = scopes_where(user, Action.SPEC_WRITE).exists()
    merges = scopes_where(user, Action.DELIVERY_MERGE).exists()
    in_theirs = {"revision__repository__in": repositories}
    runs = runs_readable(user)
    return [
        _step("Connect a repository", repositories.exists(), "admin:repositories_repository_changelist", user.is_staff),
        _step("Measure its coverage", CoverageReport.objects.filter(**in_theirs).exists(), "quality:index", measures),
        _step("Assess its debt", DebtAssessment.objects.filter(**in_theirs).exists(), "quality:index", measures),
        _step(
            "Draw its architecture", SnapshotSource.objects.filter(**in_theirs).exists(), "evolution:index", measures
        ),
        _step(
            "Write its documentation", DocumentationSource.objects.filter(**in_theirs).exists(), "docs:index", measures
        ),
        _step("Let a model be asked", bool(providers_enabled()), "admin:providers_provider_changelist", user.is_staff),
        _step("Name three reviewers", _has_reviewers(user), "admin:governance_user_changelist", user.is_staff),
        _step("Submit a specification", runs.exists(), "generation:spec-new", writes, query="?example=function"),
        _step(
            "Merge the first change",
            runs.filter(request__status=RequestStatus.OBSERVED).exists(),
            "generation:request-list",
            merges,
        ),
    ]


def _has_reviewers(user: User) -> bool:
    """Return whether some place that *user* reads has enough people who review, those of its organisation included."""
    held = RoleAssignment.objects.filter(role=Role.REVIEWER.value, user__is_active=True, user__is_service=False)
    scopes = list(scopes_where(user, Action.REQUEST_READ).exclude(repository=""))
    people = held.filter(scope__organisation__in={scope.organisation_id for scope in scopes})
    counted = people.values("scope__organisation", "scope__repository").annotate(count=Count("user", distinct=True))
    count = {(row["scope__organisation"], row["scope__repository"]): row["count"] for row in counted}
    return any(
        count.get((scope.organisation_id, scope.repository), 0) + count.get((scope.organisation_id, ""), 0) >= REVIEWERS
        for scope in scopes
    )


def _step(label: str, is_done: bool, url_name: str, is_theirs: bool, *, query: str = "") -> Step:
    return Step(label, is_done, reverse(url_name) + query if is_theirs and not is_done else "")


def are_dismissed(user: User) -> bool:
    """Return whether *user* wants to see the checklist no more."""
    return NotificationMute.objects.filter(user=user, **_DISMISSAL).exists()


@transaction.atomic
def steps_dismiss(*, user: User) -> None:
    """Show *user* the checklist no more; under Settings, Notifications they can bring it back."""
    NotificationMute.objects.get_or_create(user=user, **_DISMISSAL, defaults={"title": TITLE})
