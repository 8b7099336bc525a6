"""The kill switch: whoever may suspends at once; only a vote of the committee resumes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.engine.decisions import Decision, DecisionState, Verdict
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, LadderInvalid, NotAllowed, NotInteractive, RationaleMissing, SuspensionClosed
from apps.governance.models import Ballot, Rung, Scope, Suspension, User
from apps.governance.selectors import accounts_of, decision_of
from apps.governance.selectors.suspensions import (
    RESUMING,
    SUSPENSION,
    may_suspend,
    resuming_verdict,
    suspension_reach,
    suspension_subject,
    wholes_suspendable,
)
from apps.governance.services.audit import audit_record
from apps.governance.services.ballots import ballot_cast, ballots_void
from apps.governance.services.stopping import work_stop

KIND = SUSPENSION
LONGEST_REASON = 2_000
Kind = Suspension.Kind


def generation_suspend(
    *, kind: str, scope: Scope, actor: User, model: str = "", reason: str = "", session_key: str = ""
) -> Suspension:
    """
    Stop generation at once: for all of an organisation, for one model there, or for one repository.

    *scope* is the repository's, else the organisation's. New work is refused from the commit on, work under way is told
    to stop in the same transaction. The reason may come later. What is suspended already stays so, and is returned.
    People do this in their session. No scope of a token names it: a program that has a person's token stops single
    runs, and not a whole organisation until its committee meets.

    :raises NotAllowed: the actor may not suspend this.
    :raises LadderInvalid: the kind does not fit the scope, or no model is named.
    """
    place = _place(kind, scope, model)
    denial = Denial("generation.suspend", KIND, f"{kind}:{model or place}"[:64], place.pk)
    if actor.is_service or not actor.is_active or not may_suspend(actor, kind, place):
        raise NotAllowed("You may not suspend this.", remedy=suspension_reach(kind), denial=denial)
    return _suspend(
        kind=kind, scope=place, model=model.strip(), actor=actor, reason=reason.strip(), session_key=session_key
    )


@transaction.atomic
def generation_suspend_everywhere(
    *, kind: str, actor: User, model: str = "", reason: str = "", session_key: str = ""
) -> list[Suspension]:
    """
    Stop generation, or one model, in every organisation in which *actor* may, in one act.

    Each organisation has a suspension of its own, and its committee resumes it.

    :raises NotAllowed: there is no such organisation.
    :raises LadderInvalid: a repository is in one organisation only, or no model is named.
    """
    if kind == Kind.REPOSITORY:
        raise LadderInvalid("A repository is suspended where it is.", remedy="Choose the repository.")
    wholes = Scope.objects.filter(organisation__in=wholes_suspendable(actor), repository="")
    places = list(wholes.select_related("organisation").order_by("pk"))
    if not places:
        denial = Denial("generation.suspend", KIND, f"{kind}:{model}"[:64])
        raise NotAllowed("You may not suspend this.", remedy=suspension_reach(kind), denial=denial)
    return [
        generation_suspend(kind=kind, scope=place, actor=actor, model=model, reason=reason, session_key=session_key)
        for place in places
    ]


def rung_suspend(*, rung: Rung, reason: str, reading: dict[str, Any]) -> Suspension:
    """Suspend what *rung* opened because a tripwire tripped: no meeting, with what was read. Harmless to repeat."""
    place = Scope.objects.select_related("organisation").get(organisation=rung.organisation_id, repository="")
    return _suspend(kind=Kind.RUNG, scope=place, rung=rung, actor=None, reason=reason, reading=reading)


@transaction.atomic
def _suspend(
    *,
    kind: str,
    scope: Scope,
    actor: User | None,
    reason: str,
    model: str = "",
    rung: Rung | None = None,
    reading: dict[str, Any] | None = None,
    session_key: str = "",
) -> Suspension:
    # One at a time in a place, so that two people who press at once make one suspension.
    Scope.objects.select_for_update().get(pk=scope.pk)
    known = Suspension.objects.filter(kind=kind, scope=scope, model=model, rung=rung, resumed_at__isnull=True).first()
    if known is not None:
        return known
    suspension = Suspension(
        kind=kind,
        scope=scope,
        model=model,
        rung=rung,
        suspended_by=actor,
        reason=reason[:LONGEST_REASON],
        reading=reading or {},
    )
    suspension.content_digest = suspension_digest(suspension)
    suspension.save(force_insert=True)
    suspension.refresh_from_db(fields=["suspended_at", "security"])
    stopped = work_stop(suspension, actor)
    audit_record(
        action="generation.suspend",
        object_kind=KIND,
        object_id=suspension.pk,
        actor=actor,
        scope=scope,
        after_digest=suspension.content_digest,
        reason=suspension.reason,
        session_key=session_key,
        detail={**_named(suspension), "reading": suspension.reading, "stopped": stopped},
    )
    return suspension


@transaction.atomic
def suspension_explain(*, suspension_id: UUID, reason: str, actor: User, session_key: str = "") -> Suspension:
    """
    Give the reason that was left out when it had to be quick.

    Ballots on the suspension without it are void, but a veto stands: only whoever cast it takes it back.

    :raises NotFound: there is no such suspension.
    :raises NotAllowed: the actor may not suspend this.
    :raises SuspensionClosed: it has a reason, or was resumed.
    :raises LadderInvalid: there is no reason.
    """
    suspension = _locked(suspension_id)
    denial = Denial("suspension.explain", KIND, str(suspension.pk), suspension.scope_id)
    if actor.is_service or not may_suspend(actor, suspension.kind, suspension.scope):
        raise NotAllowed("Only whoever may suspend says why.", remedy=suspension_reach(suspension.kind), denial=denial)
    if suspension.reason or suspension.resumed_at is not None:
        raise SuspensionClosed(
            "This suspension has its reason, or has ended.", remedy="Reload the page.", denial=denial
        )
    if not reason.strip():
        raise LadderInvalid("The reason is empty.", remedy="Say why, in a sentence.")
    before = suspension.content_digest
    suspension.reason = reason.strip()[:LONGEST_REASON]
    suspension.content_digest = suspension_digest(suspension)
    suspension.save(update_fields=["reason", "content_digest"])
    ballots_void(
        subject_kind=KIND,
        subject_id=suspension.pk,
        new_digest=suspension.content_digest,
        reason="The suspension was given its reason.",
        besides={Verdict.BLOCK},
    )
    audit_record(
        action="suspension.explain",
        object_kind=KIND,
        object_id=suspension.pk,
        actor=actor,
        scope=suspension.scope,
        before_digest=before,
        after_digest=suspension.content_digest,
        reason=suspension.reason,
        session_key=session_key,
    )
    return suspension


@transaction.atomic
def suspension_vote(
    *,
    suspension_id: UUID,
    voter: User,
    verdict: Verdict,
    digest: str,
    rationale: str,
    is_interactive: bool,
    session_key: str = "",
) -> Decision:
    """
    Cast a ballot on resuming, and resume when it is the one that was missing. A later ballot replaces an earlier one.

    A "not yet" of whoever holds the committee's security seat, or held it as the suspension began, is a veto until they
    say otherwise, also when somebody else holds the seat by then; it ends with their account.

    :raises NotFound: there is no such suspension.
    :raises SuspensionClosed: it was resumed before.
    :raises RationaleMissing: there is no reason.
    :raises NotInteractive: the ballot came with a token, or the account is a machine's.
    :raises NotEligible: the voter is not on the committee.
    :raises ContentChanged: the suspension changed since the voter saw it.
    :raises AlreadyVoted: the voter stepped aside.
    """
    suspension = _locked(suspension_id)
    denial = Denial("suspension.vote", KIND, str(suspension.pk), suspension.scope_id, {"verdict": verdict.value})
    if not is_interactive or voter.is_service:
        raise NotInteractive("Only a person who is signed in at the page resumes; a token never does.", denial=denial)
    if suspension.resumed_at is not None:
        raise SuspensionClosed("This was resumed before.", remedy="Reload the page.", denial=denial)
    if not rationale.strip():
        raise RationaleMissing("Say why.", remedy="A verdict on a suspension needs a reason.")
    subject = suspension_subject(suspension)
    meant = resuming_verdict(voter, suspension, verdict)
    # Whoever said "not yet" may say yes later: the newer verdict takes the place of the earlier one.
    earlier = Ballot.objects.filter(subject_kind=KIND, subject_id=suspension.pk, voter__in=accounts_of(voter))
    earlier.filter(voided_at=None).exclude(verdict=Verdict.RECUSE.value).update(
        voided_at=now(), void_reason="Whoever gave it voted again."
    )
    ballot_cast(
        subject=subject,
        scope=suspension.scope,
        voter=voter,
        verdict=meant,
        digest=digest,
        is_interactive=is_interactive,
        rationale=rationale,
        session_key=session_key,
        votes=Action.GATE_VOTE,
    )
    decision = decision_of(suspension_subject(suspension), policy=RESUMING, scope=suspension.scope, is_kept=True)
    if decision.state is DecisionState.APPROVED:
        _resume(suspension, voter, decision, session_key)
    return decision


def suspension_digest(suspension: Suspension) -> str:
    """Return the SHA-256 of what a suspension says: what ballots are cast on."""
    content = {
        **_named(suspension),
        "id": str(suspension.pk),
        "by": suspension.suspended_by_id,
        "reason": suspension.reason,
        "reading": suspension.reading,
    }
    return sha256_hex(canonical_json(content))


def _resume(suspension: Suspension, voter: User, decision: Decision, session_key: str) -> None:
    suspension.resumed_at = now()
    suspension.save(update_fields=["resumed_at"])
    audit_record(
        action="generation.resume",
        object_kind=KIND,
        object_id=suspension.pk,
        actor=voter,
        scope=suspension.scope,
        before_digest=suspension.content_digest,
        reason=" ".join(decision.reasons),
        session_key=session_key,
        detail={**_named(suspension), "approved_by": [filled.voter_id for filled in decision.filled]},
    )


def _named(suspension: Suspension) -> dict[str, Any]:
    return {
        "kind": suspension.kind,
        "scope": suspension.scope_id,
        "model": suspension.model,
        "rung": str(suspension.rung_id) if suspension.rung_id else None,
    }


def _place(kind: str, scope: Scope, model: str) -> Scope:
    if kind not in {Kind.EVERYTHING, Kind.MODEL, Kind.REPOSITORY}:
        raise LadderInvalid("Everything, a model or a repository is suspended.", remedy="Choose one of them.")
    if (kind == Kind.MODEL) != bool(model.strip()):
        raise LadderInvalid("A model is suspended by its name, nothing else has one.", remedy="Choose the model.")
    if kind == Kind.REPOSITORY:
        if not scope.repository:
            raise LadderInvalid("An organisation is no repository.", remedy="Suspend everything, or one repository.")
        return scope
    return scope if not scope.repository else _whole(scope)


def _whole(scope: Scope) -> Scope:
    return Scope.objects.get_or_create(organisation=scope.organisation, repository="")[0]


def _locked(suspension_id: UUID) -> Suspension:
    rows = Suspension.objects.select_for_update(of=("self",)).select_related("scope__organisation")
    found = rows.filter(pk=suspension_id).first()
    if found is None:
        raise NotFound("There is no such suspension.")
    return found
