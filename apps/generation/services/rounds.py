"""Running what was written, and asking for more where that does not convince."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.generation.engine.consensus import PoolEntry, PoolInput, cluster_by_behaviour
from apps.generation.engine.rounds import Tried, Wish, further_answers, is_convincing
from apps.generation.gateways.observing import Observation, observe
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.consensus import examples_passed
from apps.generation.services.execution import candidate_program, pool_inputs
from apps.generation.services.permits import models_refused
from apps.providers.selectors import providers_enabled

State = Candidate.State
SECOND_ATTEMPT = "Its author was shown how a first attempt failed {failed} of {total} examples."


@dataclass(frozen=True)
class Trial:
    """The different programs that were written so far, and what each did with the inputs that all were run on."""

    candidates: list[Candidate]
    inputs: list[PoolInput]
    observations: list[Observation]


NOTHING_TRIED = Trial([], [], [])


def trial_run(workspace: Workspace, announce: Callable[[int, int], None]) -> Trial:
    """
    Run every program that can be; *announce* is called with the executions so far and of how many.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    usable = Candidate.objects.filter(request=workspace.run.request, state__in=[State.CHECKED, State.EXECUTED])
    candidates = list(
        usable.select_related("implementation", "test", "provider", "repairs__provider").order_by("ordinal")
    )
    inputs = pool_inputs(workspace, candidates)
    observations = observe(
        [candidate_program(workspace, candidate) for candidate in candidates],
        inputs,
        entry=workspace.run.entry,
        on_round=lambda executions: announce(executions, len(candidates) * len(inputs)),
    )
    return Trial(candidates, inputs, observations)


@transaction.atomic
def further_plan(*, workspace: Workspace, trial: Trial) -> int:
    """
    Make a row for each further answer that is worth its price; return how many there are.

    Only providers that were planned from the start are asked, and each for so many as its settings allow. Nothing is
    planned where behaviour cannot be compared, or where some wait for an answer already.
    """
    request = workspace.run.request
    CodeGenerationRequest.objects.select_for_update().get(pk=request.pk)
    planned = list(Candidate.objects.filter(request=request).select_related("provider").order_by("ordinal"))
    if not _is_comparable(workspace, trial) or any(one.state == State.ASKED for one in planned):
        return 0
    wishes = further_answers(_tried(trial, planned), _room(workspace.run, planned))
    return len(Candidate.objects.bulk_create(_rows(request, wishes, planned, trial)))


def is_settled(workspace: Workspace, trial: Trial) -> bool:
    """Return whether those that meet the examples convince, or nobody can say because nothing can be compared."""
    planned = list(Candidate.objects.filter(request=workspace.run.request))
    return not _is_comparable(workspace, trial) or is_convincing(_tried(trial, planned))


def _is_comparable(workspace: Workspace, trial: Trial) -> bool:
    return workspace.specification.is_executable and bool(trial.inputs or not trial.candidates)


def _room(run: GenerationRun, planned: Sequence[Candidate]) -> dict[str, int]:
    """Return, by provider that has answered and can be asked now, how many further answers its settings leave."""
    newest = max((one.guided_by for one in planned), default=0)
    asked = Counter(one.provider_id for one in planned if one.guided_by == newest)
    answered = {one.provider_id for one in planned if one.state != State.UNAVAILABLE}
    providers = providers_enabled()
    refused = models_refused(run, providers)
    left = {one.pk: one.samples + one.further_samples - asked[one.pk] for one in providers if one.pk not in refused}
    return {str(pk): count for pk, count in left.items() if pk in answered and count > 0}


def _tried(trial: Trial, planned: Sequence[Candidate]) -> list[Tried]:
    copies = Counter(one.duplicate_of_id for one in planned)
    shown = {one.repairs_id for one in planned}
    behaviours = _behaviours(trial)
    found = []
    for candidate, observation in zip(trial.candidates, trial.observations, strict=True):
        if candidate.grafted_by_id is not None:
            continue
        passed, total = examples_passed(observation.outcomes, trial.inputs)
        author = str(candidate.provider_id) if candidate.provider_id else None
        behaviour, voters = behaviours[str(candidate.pk)], 1 + copies[candidate.pk]
        found.append(Tried(str(candidate.pk), author, passed, total, behaviour, voters, candidate.pk in shown))
    return found


def _behaviours(trial: Trial) -> dict[str, str]:
    """Return, by candidate, what names all that behave like it."""
    pool = [
        PoolEntry(str(candidate.pk), candidate.model_id, candidate.normalised_digest, tuple(observation.outcomes))
        for candidate, observation in zip(trial.candidates, trial.observations, strict=True)
    ]
    return {one.id: group[0].id for group in cluster_by_behaviour(pool, trial.inputs) for one in group}


def _rows(
    request: CodeGenerationRequest, wishes: Sequence[Wish], planned: Sequence[Candidate], trial: Trial
) -> list[Candidate]:
    by_id = {str(candidate.pk): candidate for candidate in trial.candidates}
    providers = {str(one.provider_id): one.provider for one in planned if one.provider is not None}
    asked = Counter(str(one.provider_id) for one in planned)
    ordinal = max(one.ordinal for one in planned)
    passed = {
        str(candidate.pk): examples_passed(one.outcomes, trial.inputs)
        for candidate, one in zip(trial.candidates, trial.observations, strict=True)
    }
    rows = []
    for position, wish in enumerate(wishes, ordinal + 1):
        provider = providers[wish.provider]
        rows.append(
            Candidate(
                request=request,
                provider=provider,
                model_id=provider.model_id,
                sample_index=asked[wish.provider],
                guided_by=planned[-1].guided_by,
                ordinal=position,
                repairs=by_id[wish.repairs] if wish.repairs else None,
                note=_second_attempt(*passed[wish.repairs]) if wish.repairs else "",
            )
        )
        asked[wish.provider] += 1
    return rows


def _second_attempt(passed: int, total: int) -> str:
    return SECOND_ATTEMPT.format(failed=total - passed, total=total)
