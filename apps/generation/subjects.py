"""A request as something that people decide on: who may read it, who still votes blind, and where its pages are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.database import Part
from apps.generation.models import GenerationRun, PullRequest
from apps.generation.selectors import BEFORE_DECISION, runs_waiting_for
from apps.generation.services.review_subject import SUBJECT_KIND, barred_people
from apps.generation.types import RequestStatus as Status
from apps.generation.waiting import approvals_ended, evidence_of_selected
from apps.governance.models import User
from apps.governance.selectors import overrides_waiting_for, scope_ids
from apps.governance.subjects import OpenDecision, PastSubject, SubjectPages, subject_register
from apps.governance.types import Action, Subject
from apps.repositories.selectors import repository_ids

DECIDED = (Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.OBSERVED, Status.REJECTED)


def requests_in(_user: User, repositories: Sequence[UUID]) -> QuerySet[GenerationRun]:
    return GenerationRun.objects.filter(repository__in=repositories)


def blind_requests(user: User) -> QuerySet[GenerationRun]:
    """Return the requests that *user* may still vote on: until then nobody tells them who wrote what."""
    voted = user.ballots.filter(subject_kind=SUBJECT_KIND, voided_at__isnull=True).values("subject_id")
    undecided = GenerationRun.objects.filter(
        request__status__in=BEFORE_DECISION, repository__scope__in=scope_ids(user, Action.VERDICT_VOTE)
    )
    return undecided.exclude(pk__in=voted).exclude(contributions__user=user)


def guarded_requests(user: User) -> QuerySet[GenerationRun]:
    """Return those of which the number of candidates would tell *user*, who is to vote, of one wrong on purpose."""
    return blind_requests(user).filter(repository__canary_setting__percent__gt=0)


def still_blind(user: User) -> Part:
    """Return the rows about a request that *user* may still vote on."""
    return Part(identity="request_id", keys=blind_requests(user))


def _titles(ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(GenerationRun.objects.filter(pk__in=ids).values_list("pk", "title"))


def _review_url(identity: UUID) -> str:
    return reverse("generation:review", args=[identity])


def _open_for(user: User, limit: int) -> list[OpenDecision]:
    return [*_votes_open_for(user, limit), *_overrides_open_for(user, limit)]


def _overrides_open_for(user: User, limit: int) -> list[OpenDecision]:
    waiting = list(overrides_waiting_for(user, SUBJECT_KIND)[:limit])
    in_review = Q(request__status=Status.IN_REVIEW)
    merging = Q(request__pull_request__state=PullRequest.State.OPEN)
    runs = {
        run.pk: run
        for run in GenerationRun.objects.filter(in_review | merging, pk__in=[one.subject_id for one in waiting])
        .select_related("request", "repository")
        .prefetch_related("contributions")
        if user.pk not in barred_people(run)
    }
    return [
        OpenDecision(
            f"{one.check_name.capitalize()} of {runs[one.subject_id].title}",
            _gates_url(runs[one.subject_id]),
            runs[one.subject_id].repository.name,
            runs[one.subject_id].risk_tier,
            one.asked_at,
            "Sign an override",
        )
        for one in waiting
        if one.subject_id in runs
    ]


def _gates_url(run: GenerationRun) -> str:
    name = "review" if run.request.status == Status.IN_REVIEW else "request-detail"
    return reverse(f"generation:{name}", args=[run.pk])


def _votes_open_for(user: User, limit: int) -> list[OpenDecision]:
    waiting = [(run, "Review", run.state_changed_at) for run in runs_waiting_for(user)[:limit]]
    waiting += [(run, "Approve again", ended_at) for run, ended_at in approvals_ended(user)]
    checks = evidence_of_selected([run.pk for run, *_ in waiting])
    return [
        OpenDecision(
            run.title, _review_url(run.pk), run.repository.name, run.risk_tier, since, what, checks.get(run.pk, ())
        )
        for run, what, since in waiting
    ]


def _decided(scopes: Collection[int], risk_tier: str, *, since: datetime, limit: int) -> list[PastSubject]:
    runs = GenerationRun.objects.filter(
        repository__scope__in=scopes, risk_tier=risk_tier, request__status__in=DECIDED, state_changed_at__gte=since
    )
    runs = runs.select_related("request", "repository").prefetch_related("contributions")
    runs = runs.defer("request__specification_embedding", "request__context_snapshot", "request__specification")
    return [
        PastSubject(
            Subject(SUBJECT_KIND, run.pk, run.review_digest, barred_people(run)),
            run.repository.scope_id,
            run.target_path,
            run.request.status != Status.REJECTED,
            run.state_changed_at,
        )
        for run in runs.order_by("-state_changed_at", "request_id")[:limit]
    ]


subject_register(
    SUBJECT_KIND,
    places=repository_ids,
    readable=requests_in,
    blind=blind_requests,
    pages=SubjectPages(_titles, _review_url, _open_for),
    decided=_decided,
    undecided=lambda: GenerationRun.objects.filter(request__status=Status.IN_REVIEW),
)
