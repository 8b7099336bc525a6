"""How many answers a request may have, and asking for more of them than settings allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.core.errors import Conflict
from apps.generation.engine.consensus import Standing
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.asking_again import ask_again
from apps.generation.services.guidance import may_guide
from apps.generation.services.permits import models_refused
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.providers.models import Provider
from apps.providers.selectors import providers_enabled
from apps.providers.services import budgets_used_up

MOST_ATTEMPTS = 60
VOID_REASON = "More answers were asked for."
State = Candidate.State


class AttemptsNotRaised(Conflict):
    """The request did not stop at its limit, or the limit is as high as it can be."""

    code = "attempts.not_raised"


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many answers were asked for, of how many; ``further`` are whom a raise would ask, and how often each."""

    used: int
    of: int
    further: tuple[tuple[Provider, int], ...]

    @property
    def raised(self) -> int:
        """The limit after a raise; the same as now where nobody can be asked again."""
        return self.of + sum(count for _, count in self.further)


def attempts_of(run: GenerationRun, candidates: Sequence[Candidate]) -> Attempts:
    """
    Return how far *run*, which has these candidates, is with its attempts; three queries.

    A provider has as many as its settings say, and as many as were raised. What is built in would answer the same
    again, so that a raise asks models only, each as often as at first.
    """
    newest = max((one.guided_by for one in candidates), default=0)
    counted = [one for one in candidates if one.provider and one.guided_by == newest]
    answered = {one.provider_id for one in counted if one.state != State.UNAVAILABLE}
    counted = [one for one in counted if one.provider_id in answered]
    asked = Counter(one.provider_id for one in counted)
    providers = {one.provider_id: one.provider for one in counted if one.provider}
    is_comparable = bool(run.analysis.get("is_executable"))
    limit = sum(
        max(asked[key], one.samples + (one.further_samples if is_comparable else 0)) for key, one in providers.items()
    )
    return Attempts(len(counted), limit, _further(run, providers.keys(), MOST_ATTEMPTS - limit))


def _further(run: GenerationRun, known: Collection[UUID | None], room: int) -> tuple[tuple[Provider, int], ...]:
    models = [one for one in providers_enabled() if one.kind != Provider.Kind.BUILTIN]
    refused = models_refused(run, models)
    found = []
    for one in models:
        count = min(one.samples, room)
        if one.pk in known and one.pk not in refused and count > 0:
            found.append((one, count))
            room -= count
    return tuple(found)


def did_stop(run: GenerationRun, attempts: Attempts) -> bool:
    """Return whether *run* ended at its limit without answers that agree; one query in review."""
    if run.request.status == Status.IN_REVIEW:
        chosen = CodeGenerationConsensus.objects.get(request_id=run.pk)
        has_agreed = (chosen.voting_details or {}).get("standing") == Standing.AGREED
        return attempts.used >= attempts.of and not has_agreed
    return run.request.status == Status.FAILED and attempts.used >= attempts.of


@transaction.atomic
def attempts_raise(*, request_id: UUID, actor: User) -> Attempts:
    """
    Ask every model of a request that stopped at its limit as often again as at first, within the budgets that hold.

    :raises NotAllowed: the actor did not ask for this code, or is no engineer of the repository.
    :raises AttemptsNotRaised: it is neither in review nor did it fail, has attempts left, or a budget has nothing left.
    """
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("request", "repository__scope__organisation").get(pk=request_id)
    if not may_guide(run, actor):
        raise NotAllowed(
            "Only whoever asked for this code can have more answers asked for.",
            remedy="Ask them.",
            denial=Denial("request.raise", SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )
    candidates = list(Candidate.objects.filter(request=run.request).select_related("provider").order_by("ordinal"))
    attempts = attempts_of(run, candidates)
    _require_raisable(run, attempts)
    Candidate.objects.bulk_create(_rows(run, attempts, candidates))
    audit_record(
        action="request.raise",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        detail={"before": attempts.of, "after": attempts.raised},
    )
    ask_again(run, actor, VOID_REASON)
    return attempts


def _require_raisable(run: GenerationRun, attempts: Attempts) -> None:
    if not did_stop(run, attempts):
        raise AttemptsNotRaised("The request did not stop at its limit.", remedy="Reload the page.")
    if not attempts.further:
        raise AttemptsNotRaised(
            "Nobody can be asked again.", remedy="Add guidance, or change the specification and submit it again."
        )
    spent = budgets_used_up(scope=run.repository.scope, subject_kind=SUBJECT_KIND, subject_id=run.pk)
    if spent:
        raise AttemptsNotRaised(spent[0])


def _rows(run: GenerationRun, attempts: Attempts, before: Sequence[Candidate]) -> list[Candidate]:
    sampled = Counter(one.provider_id for one in before)
    rows = [
        Candidate(
            request=run.request,
            provider=provider,
            model_id=provider.model_id,
            sample_index=sampled[provider.pk] + index,
            guided_by=max(one.guided_by for one in before),
        )
        for provider, count in attempts.further
        for index in range(count)
    ]
    for ordinal, row in enumerate(rows, max(one.ordinal for one in before) + 1):
        row.ordinal = ordinal
    return rows
