"""
Putting candidates together by hand: functions of one in the place of another's, as a candidate of its own.

It is checked and run like every candidate before it can be put up for approval, has no vote among the models, and
whoever made it is its editor and cannot approve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.checks.types import plain_text
from apps.core.errors import NofxError
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.hybrid import Plan, hybrid_module
from apps.generation.engine.inputs import input_restored
from apps.generation.engine.outcomes import expected_restored, outcome_stored
from apps.generation.gateways.observing import observe
from apps.generation.models import Candidate, Contribution, GenerationRun, ObservedInput
from apps.generation.services.canaries import canary_refuse, canary_withdraw
from apps.generation.services.candidates import Workspace, candidate_write
from apps.generation.services.checking import candidate_module, candidates_check, scores_keep
from apps.generation.services.consensus import examples_count
from apps.generation.services.evidence import evidence_of
from apps.generation.services.execution import candidate_program
from apps.generation.services.gate_jobs import GRAFT_JOB
from apps.generation.services.joined import candidates_examine
from apps.generation.services.measuring import review_is_open, review_renew
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.profiling import profiles_keep
from apps.generation.services.review_subject import (
    REVIEWABLE,
    SUBJECT_KIND,
    barred_people,
    review_digest,
    review_digest_keep,
    review_policy,
)
from apps.generation.services.reviews import chooser_require, review_lock
from apps.governance.models import User
from apps.governance.services import approval_require_possible, audit_record
from apps.jobs.services import JobRun, job_enqueue

AUTHOR = "nofx/graft"
VOID_REASON = "Somebody put candidates together."
MOST_GRAFTS = 5
State = Candidate.State


class GraftRefused(NofxError):
    """The candidates cannot be put together like that."""

    code = "review.graft_refused"
    status = 422


@transaction.atomic
def candidate_graft(
    *, request_id: UUID, actor: User, base_id: UUID, parts: Mapping[str, UUID], reason: str
) -> Candidate:
    """
    Make a candidate of the one at *base_id* with some functions of others: *parts* is the donor by function.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the actor has no vote on this request.
    :raises Unsatisfiable: without the actor nobody could approve it.
    :raises CanaryRefused: one of them is wrong on purpose.
    :raises GraftRefused: no reason or function is given, one is missing, the result is no program, or there are enough.
    """
    run = review_lock(request_id)
    chooser_require(run, actor, "review.graft")
    approval_require_possible(
        policy=review_policy(run),
        scope=run.repository.scope,
        barred={**barred_people(run), actor.pk: "candidate editor of this request"},
        path=run.target_path,
    )
    reason = plain_text(reason.strip())
    for candidate_id in {base_id, *parts.values()}:
        canary_refuse(run, candidate_id)
    _require_sense(run, parts, base_id, reason)
    workspace = workspace_open(run)
    candidate = _write(workspace, actor, base_id, parts)
    Contribution.objects.get_or_create(run=run, user=actor, kind=Contribution.Kind.CANDIDATE_EDIT)
    canary_withdraw(run)
    before, digest = run.review_digest, review_digest(run=run)
    review_digest_keep(run, digest, VOID_REASON)
    audit_record(
        action="review.graft",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        before_digest=before,
        after_digest=digest,
        reason=reason,
        detail={"candidate": str(candidate.pk), **candidate.grafted_from},
    )
    job_enqueue(kind=GRAFT_JOB, subject_kind=SUBJECT_KIND, subject_id=run.pk, requested_by=actor)
    return candidate


def _require_sense(run: GenerationRun, parts: Mapping[str, UUID], base_id: UUID, reason: str) -> None:
    if not parts or not reason:
        raise GraftRefused("Choose at least one function, and say why.", remedy="One sentence is enough.")
    wanted = {base_id, *parts.values()}
    if Candidate.objects.filter(request_id=run.pk, pk__in=wanted, state__in=REVIEWABLE).count() != len(wanted):
        raise GraftRefused("One of these candidates cannot be chosen.", remedy="Reload the page.")
    grafts = Candidate.objects.filter(request_id=run.pk, grafted_by__isnull=False)
    if grafts.exclude(state=State.OUTDATED).count() >= MOST_GRAFTS:
        raise GraftRefused(
            f"Candidates were put together {MOST_GRAFTS} times here, which is as often as they can be.",
            remedy="Choose one that is there.",
        )
    if grafts.filter(state=State.WRITTEN).exists():
        raise GraftRefused("Another one is being checked.", remedy="Try again in a moment.")


def _write(workspace: Workspace, actor: User, base_id: UUID, parts: Mapping[str, UUID]) -> Candidate:
    request, guidance = workspace.run.request, workspace.guidance
    module = _module(workspace, base_id, parts)
    last = Candidate.objects.filter(request=request).aggregate(last=Max("ordinal"))["last"]
    row = Candidate.objects.create(
        request=request,
        provider=None,
        model_id=AUTHOR,
        sample_index=0,
        ordinal=last + 1,
        guided_by=guidance,
        grafted_by=actor,
        grafted_from={"base": str(base_id), "parts": {name: str(donor) for name, donor in sorted(parts.items())}},
    )
    answer = f"```python\n{module}\n```"
    candidate = candidate_write(candidate_id=row.pk, workspace=workspace, answer=answer, model_id=AUTHOR)
    if candidate.state != State.WRITTEN:
        raise GraftRefused(f"That is no program. {candidate.reason}", remedy="Choose other functions.")
    twins = Candidate.objects.filter(request=request, normalised_digest=candidate.normalised_digest)
    if twins.filter(state__in=REVIEWABLE).exists():
        raise GraftRefused("That program is there already.", remedy="Choose other functions, or that candidate.")
    return candidate


def _module(workspace: Workspace, base_id: UUID, parts: Mapping[str, UUID]) -> str:
    if workspace.language.name != "python":
        raise GraftRefused("Only Python can be put together by function.", remedy="Choose a candidate as it is.")
    candidates = Candidate.objects.filter(pk__in={base_id, *parts.values()})
    modules = {str(one.pk): candidate_module(workspace, one) for one in candidates}
    try:
        return hybrid_module(Plan(str(base_id), {name: str(donor) for name, donor in parts.items()}), modules)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise GraftRefused(f"These functions do not fit together: {error}", remedy="Choose other ones.") from error


def grafts_check(*, job: JobRun, request_id: UUID) -> None:
    """
    Check and run what was put together by hand, on what every candidate was run on. Safe to repeat.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    if not review_is_open(request_id):
        return
    run = GenerationRun.objects.select_related("request", "repository__scope", "requester").get(pk=request_id)
    workspace = workspace_open(run)
    job.progress("checking")
    candidates_check(run=run, workspace=workspace)
    fresh = Candidate.objects.filter(request=run.request, grafted_by__isnull=False, state=State.CHECKED)
    rows = list(run.inputs.order_by("position"))
    for candidate in fresh.select_related("implementation", "test", "documentation", "provider"):
        _run(workspace, candidate, rows)
    candidates_examine(job, workspace)
    job.raise_if_cancelled()
    review_renew(request_id=request_id, reason=VOID_REASON)


def _run(workspace: Workspace, candidate: Candidate, rows: Sequence[ObservedInput]) -> None:
    inputs = [_input(row) for row in rows]
    (seen,) = observe([candidate_program(workspace, candidate)], inputs, entry=workspace.run.entry)
    candidate.outcomes = [outcome_stored(outcome) for outcome in seen.outcomes]
    candidate.reason = plain_text(seen.refused)
    evidence = evidence_of(workspace.run)
    counted = [seen.outcomes[row.position] for row in evidence.rows]
    examples_count(candidate, counted, evidence.inputs)
    alike = next((one for one in evidence.candidates if one.outcomes == candidate.outcomes), None)
    candidate.cluster = alike.cluster if alike else ""
    candidate.state = State.EXECUTED
    candidate.save()
    scores_keep(candidate, workspace)
    profiles_keep(candidates=[candidate], inputs=inputs, workspace=workspace)


def _input(row: ObservedInput) -> PoolInput:
    expected = None if row.expected is None else expected_restored(row.expected)
    return PoolInput(input_restored(row.call), InputOrigin(row.origin), expected, row.weight, row.author)


def grafts_end(*, request_id: UUID, reason: str) -> None:
    """Record that what was put together could not be checked, and why, as a sentence."""
    fresh = Candidate.objects.filter(
        request_id=request_id, grafted_by__isnull=False, state__in=[State.WRITTEN, State.CHECKED]
    )
    fresh.update(state=State.UNAVAILABLE, reason=f"It could not be checked. {plain_text(reason)}".strip())
