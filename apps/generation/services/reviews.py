"""People's verdicts on a request. Models inform; only people at the page decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.errors import Conflict, NofxError
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.canaries import canary_judge, canary_refuse, canary_withdraw
from apps.generation.services.discussion import issues_open
from apps.generation.services.gate_jobs import evidence_is_changing
from apps.generation.services.group_counts import activity_count, depth_count
from apps.generation.services.learning import decision_learn
from apps.generation.services.measuring import gates_renew
from apps.generation.services.overrides import candidate_sheet
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.ratings import rubric_kept
from apps.generation.services.review_subject import (
    REVIEWABLE,
    SUBJECT_KIND,
    barred_people,
    review_digest,
    review_digest_keep,
    review_policy,
    review_subject,
    selected_candidate,
)
from apps.generation.services.reviewed import reviewed_keep
from apps.generation.services.stages import stage_enter, stage_leave, status_change
from apps.generation.services.viewing import viewed_require
from apps.generation.types import RequestStatus as Status
from apps.governance.models import Ballot, User
from apps.governance.selectors import ballot_of, can, decision_of, part_of
from apps.governance.selectors.account_links import was_parted
from apps.governance.selectors.policies import policy_named, policy_reference
from apps.governance.services import (
    ContentChanged,
    Denial,
    NotAllowed,
    NotEligible,
    NotInteractive,
    approval_require_possible,
    audit_record,
    ballot_cast,
    ballots_void,
    policy_freeze,
    voter_require,
)
from apps.governance.types import Action, Decision, DecisionState, Verdict
from apps.jobs.services import job_enqueue

DELIVERY_JOB = "generation.deliver"
CONTENT_CHANGED = "The candidate or its evidence changed."


class NotInReview(Conflict):
    """The request is not waiting for reviewers."""

    code = "review.not_open"


class RequirementsUnmet(Conflict):
    """Something that is asked of the candidate is not met or not measured, and no two people let it pass."""

    code = "review.requirements_unmet"


@transaction.atomic
def verdict_cast(
    *,
    request_id: UUID,
    reviewer: User,
    verdict: Verdict,
    digest: str,
    is_interactive: bool,
    rationale: str = "",
    preference: str = "",
    rubric: Mapping[UUID, Mapping[str, int]] | None = None,
    order_seed: str = "",
    depth: int | None = None,
    active_s: float | None = None,
    session_key: str = "",
) -> Ballot:
    """
    Record a human verdict on exactly what the reviewer saw; on the last one that is needed, start the delivery.

    *rubric* holds ratings from 1 to 5 by candidate and criterion of ``RUBRIC``; any of them may be left out.
    *depth* is the percentage of changed lines that were in view, *active_s* the seconds of active review, None where
    they were not measured; both are counted for the repository and kept nowhere else.

    :raises NotInReview: the request is not in review.
    :raises ContentChanged: the candidate, its base or its evidence changed since.
    :raises NotEligible: the reviewer asked for this code, edited it or prompted it, or is no reviewer.
    :raises NotInteractive: the verdict came with a token.
    :raises AlreadyVoted: the reviewer has a valid verdict on this.
    :raises RationaleMissing: a refusal came without a reason.
    :raises RatingRefused: a rating names no candidate under review, no criterion, or no number from 1 to 5.
    :raises RequirementsUnmet: it is an approval, and a gate of the candidate did not pass and is not overridden, or
        what is voted on is still being measured.
    :raises NotLookedAt: it is an approval, and the reviewer did not tick each file of the candidate as it is now.
    """
    run = review_lock(request_id)
    has_judged = verdict is not Verdict.RECUSE
    if has_judged:
        _require_never_parted(run, reviewer)
        # Before the ballot: whoever writes to the audit chain makes all others wait.
        depth_count(repository=run.repository, percent=depth)
        activity_count(repository=run.repository, seconds=active_s)
    opinion = canary_judge(
        run=run, reviewer=reviewer, preference=preference, rubric=rubric or {}, has_judged=has_judged
    )
    subject = review_subject(run=run)
    _digest_keep(run, subject.digest)
    reviewed_keep(run=run, candidate=selected_candidate(run=run), digest=subject.digest)
    ballot = ballot_cast(
        subject=subject,
        scope=run.repository.scope,
        voter=reviewer,
        verdict=verdict,
        digest=digest,
        is_interactive=is_interactive,
        rationale=rationale,
        detail={
            "preference": opinion.preference,
            "rubric": rubric_kept(run, opinion.rubric),
            "order_seed": order_seed,
        },
        session_key=session_key,
        life=review_policy(run).ballot_life,
    )
    blocking = review_blocking(run)
    if verdict is Verdict.APPROVE:
        _require_sound(run, reviewer, blocking)
    _settle(run, review_decision(run=run, is_kept=True), is_blocked=bool(blocking))
    return ballot


def reviewer_require(*, run: GenerationRun, reviewer: User, is_interactive: bool) -> None:
    """
    Refuse whoever has no verdict on *run*, whatever else is wrong with what they sent.

    :raises NotEligible: they asked for this code, edited it or prompted it, or are no reviewers.
    :raises NotInteractive: the verdict came with a token.
    """
    voter_require(
        subject=review_subject(run=run),
        scope=run.repository.scope,
        voter=reviewer,
        verdict=Verdict.APPROVE,
        is_interactive=is_interactive,
    )


def approval_require(*, run: GenerationRun, reviewer: User, digest: str) -> dict[str, str]:
    """
    Return the files that *reviewer* approves, with their digests, when nothing stands in the way of approving *digest*.

    :raises ContentChanged: the candidate, its base or its evidence changed since.
    :raises RequirementsUnmet: a gate of the candidate did not pass and is not overridden, or it is still measured.
    :raises NotLookedAt: the reviewer did not tick each file of the candidate as it is now.
    """
    if digest != review_digest(run=run):
        raise ContentChanged(
            "This changed while you were reading, so your verdict was not counted.",
            remedy="Reload the page, look at what is there now, and decide again.",
            denial=Denial("ballot.cast", SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )
    return _require_sound(run, reviewer, review_blocking(run))


def _require_sound(run: GenerationRun, reviewer: User, blocking: Sequence[str]) -> dict[str, str]:
    if blocking:
        raise RequirementsUnmet(
            f"It cannot be approved: {' and '.join(blocking)} did not pass.",
            remedy="Choose another candidate, have the specification changed, or let two people override what failed.",
        )
    if evidence_is_changing(run):
        raise RequirementsUnmet(
            "Candidates are being checked or measured, so what you approve would not be what is there in a moment.",
            remedy="Wait until that is done, look at what it found, then cast your verdict. Your words are kept.",
        )
    return viewed_require(run, reviewer, selected_candidate(run=run))


def _require_never_parted(run: GenerationRun, reviewer: User) -> None:
    """Whose account was parted from another meanwhile may have had a hand in it as that person."""
    if was_parted(reviewer, since=run.request.created_at):
        raise NotEligible(
            "You cannot vote on this: your account was parted from another one after it was submitted.",
            denial=Denial("ballot.cast", SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )


def review_blocking(run: GenerationRun) -> list[str]:
    """Return the gates that stand in the way of an approval of what is up for it now."""
    return candidate_sheet(run, selected_candidate(run=run)).blocking()


def review_decision(*, run: GenerationRun, is_kept: bool = False) -> Decision:
    """Return where the decision about *run* stands; what *is_kept* for ever names accounts by number."""
    return decision_of(
        review_subject(run=run),
        policy=review_policy(run),
        scope=run.repository.scope,
        path=run.target_path,
        is_kept=is_kept,
    )


@transaction.atomic
def selection_change(*, request_id: UUID, actor: User, candidate_id: UUID, reason: str) -> None:
    """
    Put another candidate up for approval. Verdicts that were cast are void, since they were about another patch.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the actor has no vote on this request.
    :raises CanaryRefused: it is wrong on purpose.
    :raises NofxError: the candidate cannot be chosen, or no reason is given.
    """
    run = review_lock(request_id)
    chooser_require(run, actor, "review.choose")
    reason = plain_text(reason.strip())
    if not reason:
        raise NofxError("Say why another candidate is better.", remedy="One sentence is enough.")
    canary_refuse(run, candidate_id)
    usable = Candidate.objects.filter(pk=candidate_id, request_id=run.pk, state__in=REVIEWABLE)
    candidate = usable.exclude(grafted_by__isnull=False, state=Candidate.State.CHECKED).first()
    if candidate is None or candidate == selected_candidate(run=run):
        raise NofxError("This candidate cannot be chosen.", remedy="Choose one that was checked and is not chosen yet.")
    before = run.review_digest
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(
        selected_implementation=candidate.implementation_id
    )
    canary_withdraw(run)
    gates_renew(workspace=workspace_open(run), actor=actor)
    digest = review_digest(run=run)
    review_digest_keep(run, digest, "Another candidate was chosen.")
    audit_record(
        action="review.choose",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        before_digest=before,
        after_digest=digest,
        reason=reason,
    )


def chooser_require(run: GenerationRun, actor: User, action: str) -> None:
    """
    Return when *actor* may choose what is up for approval; *action* names what they want in the audit chain.

    :raises NotEligible: they have no vote on this request.
    """
    mine = ballot_of(SUBJECT_KIND, run.pk, actor)
    is_aside = mine is not None and mine.verdict == Verdict.RECUSE.value
    has_part = bool(part_of(actor, barred_people(run)))
    is_denied = actor.is_service or has_part or is_aside
    if is_denied or not can(actor, Action.VERDICT_VOTE, run.repository.scope):
        raise NotEligible(
            "Only somebody who may vote on this request can choose another candidate.",
            denial=Denial(action, SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )


@transaction.atomic
def policy_refreeze(*, request_id: UUID, actor: User, reason: str, is_interactive: bool) -> None:
    """
    Decide a request in review under the policy that rules now. Verdicts that were cast are void: other rules applied.

    :raises NotInReview: the request is not in review.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies of the repository.
    :raises Unsatisfiable: under the new policy nobody could approve the request.
    :raises NofxError: what it has rules already, or no reason is given.
    """
    run = review_lock(request_id)
    scope, before = run.repository.scope, run.review_digest
    denial = Denial("review.refreeze", SUBJECT_KIND, str(run.pk), scope.pk)
    if not is_interactive or actor.is_service:
        raise NotInteractive("Only a person who is signed in at the page changes a policy.", denial=denial)
    if not can(actor, Action.POLICY_MANAGE, scope):
        raise NotAllowed("Your role does not change policies here.", remedy="Ask an administrator.", denial=denial)
    ruling = policy_freeze(scope=scope, risk_tier=run.risk_tier)
    if ruling == run.approval_policy or not reason.strip():
        raise NofxError("Nothing was changed.", remedy="Give a reason, and do it where a later policy rules.")
    old, run.approval_policy = run.approval_policy, ruling
    approval_require_possible(policy=review_policy(run), scope=scope, barred=barred_people(run), path=run.target_path)
    run.review_digest = review_digest(run=run)
    run.save(update_fields=["approval_policy", "review_digest"])
    ballots_void(
        subject_kind=SUBJECT_KIND, subject_id=run.pk, new_digest=run.review_digest, reason="Another policy applies now."
    )
    audit_record(
        action="review.refreeze",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=scope,
        before_digest=before,
        after_digest=run.review_digest,
        reason=plain_text(reason.strip()),
        detail={"before": policy_named(old), "after": policy_named(ruling)},
    )


def review_lock(request_id: UUID) -> GenerationRun:
    """
    Return the run of a request in review; nobody else changes its review before the transaction ends.

    :raises NotInReview: it is not in review.
    """
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related(
        "request", "repository__scope__organisation", "approval_policy__scope__organisation"
    ).get(pk=request_id)
    if run.request.status != Status.IN_REVIEW:
        raise NotInReview(
            f"The request is {Status(run.request.status).label.lower()}, so there is nothing to vote on.",
            remedy="Open the request to see where it is.",
        )
    return run


def _digest_keep(run: GenerationRun, digest: str) -> None:
    """Write down what is up for approval now, and void what was cast on anything else."""
    if run.review_digest != digest:
        review_digest_keep(run, digest, CONTENT_CHANGED)


def _settle(run: GenerationRun, decision: Decision, *, is_blocked: bool) -> None:
    if decision.state is DecisionState.PENDING:
        return
    # Somebody's earlier approval may count only now, by a role that they were given since.
    is_held = is_blocked or evidence_is_changing(run) or bool(issues_open(run, selected_candidate(run=run).pk))
    if decision.state is DecisionState.APPROVED and is_held:
        return
    if decision.state is DecisionState.APPROVED:
        _approve(run, decision)
    else:
        _reject(run)
    audit_record(
        action="review.decide",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=None,
        scope=run.repository.scope,
        after_digest=run.review_digest,
        reason=" ".join(decision.reasons),
        policy_version=policy_reference(run.approval_policy),
        detail={
            "decision": decision.state.value,
            "policy": policy_named(run.approval_policy),
            "seats": {seat.seat.name: seat.voter_id for seat in decision.filled},
        },
    )


def _approve(run: GenerationRun, decision: Decision) -> None:
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(human_approved=True)
    decision_learn(run=run, is_approved=True)
    status_change(run=run, allowed=[Status.IN_REVIEW], to=Status.APPROVED)
    stage_leave(
        run=run,
        stage="review",
        evidence_count=len(decision.filled),
        note="approved by " + " and ".join(seat.name for seat in decision.filled),
    )
    stage_enter(run=run, stage="delivery")
    run.job = job_enqueue(kind=DELIVERY_JOB, subject_kind=SUBJECT_KIND, subject_id=run.pk, requested_by=run.requester)
    run.save(update_fields=["job"])


def _reject(run: GenerationRun) -> None:
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(human_approved=False)
    decision_learn(run=run, is_approved=False)
    status_change(run=run, allowed=[Status.IN_REVIEW], to=Status.REJECTED)
    stage_leave(run=run, stage="review", note="rejected")
