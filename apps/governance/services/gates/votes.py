"""The committee's vote on a gate: be present, vote, close. Deciding grants the scope in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.decisions import Decision, DecisionState, Policy, Roster, Verdict
from apps.governance.engine.gates import UNDECIDED, VERDICTS, Choice, GateState, gate_policy, silent_seats
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, GateBlocked, GateClosed, GateInvalid, NotEligible, RationaleMissing
from apps.governance.models import Ballot, Gate, GateDecision, GateFreeze, GateSeat, Scope, User
from apps.governance.selectors import ballots_of, decision_of, human_ballots, roster_of
from apps.governance.services.audit import audit_record
from apps.governance.services.ballots import ballot_cast
from apps.governance.services.gates.access import (
    KIND,
    definition_of,
    denial_of,
    gate_locked,
    is_over,
    require_person,
    require_role,
    require_state,
    subject_of,
)
from apps.governance.services.gates.evidence import frozen_readings
from apps.governance.services.gates.freezing import CHAIR, lines_now, newest_readings, require_fresh, require_lines
from apps.governance.services.gates.requests import seats_of
from apps.governance.services.ladder import rung_grant

MOST_WORDS = 4_000
ACCOUNT_CLOSED = "The account was closed before the vote ended."
OUTCOMES = {
    DecisionState.APPROVED: GateState.APPROVED,
    DecisionState.REJECTED: GateState.REJECTED,
    DecisionState.PENDING: GateState.LAPSED,
}


@transaction.atomic
def gate_present(*, gate_id: UUID, actor: User, is_interactive: bool) -> GateSeat:
    """
    Say that one is there. Saying it twice changes nothing.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotEligible: the actor has no seat on this gate.
    :raises GateClosed: it was decided or withdrawn.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.present", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_state(gate, *UNDECIDED, denial=denial)
    seat = _seat_of(gate, actor, denial)
    if seat.present_at is None:
        seat.present_at = now()
        seat.save(update_fields=["present_at"])
        audit_record(
            action="gate.present",
            object_kind=KIND,
            object_id=gate.pk,
            actor=actor,
            scope=gate.scope,
            detail={"seat": seat.seat},
        )
    return seat


@transaction.atomic
def gate_vote(
    *,
    gate_id: UUID,
    voter: User,
    choice: Choice,
    rationale: str,
    conditions: str = "",
    digest: str,
    is_interactive: bool,
    session_key: str = "",
) -> Ballot:
    """
    Record what a member says on exactly what is frozen. Nobody else reads it until the vote closes.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotEligible: the voter has no seat, asked for the expansion, or stands in for somebody who is there.
    :raises GateClosed: the vote is not open, or its time is up.
    :raises GateBlocked: the evidence changed, and the chair has not frozen it anew.
    :raises ContentChanged: the evidence is not the one that the voter saw.
    :raises AlreadyVoted: the person has a valid ballot on it, in whichever account.
    :raises RationaleMissing: there is no reason, or an approval with conditions names none.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.vote", gate)
    require_person(voter, denial, is_interactive=is_interactive)
    require_state(gate, GateState.VOTING, denial=denial)
    if is_over(gate):
        raise GateClosed("The time of this vote is up.", remedy="The chair closes it.", denial=denial)
    seat = _seat_of(gate, voter, denial)
    _require_in_turn(gate, seat, denial)
    if gate.evidence_changed and choice is not Choice.RECUSE:
        raise GateBlocked(gate.evidence_changed, remedy="The chair freezes it anew; then vote on that.", denial=denial)
    if not rationale.strip() or (choice is Choice.APPROVE_WITH_CONDITIONS and not conditions.strip()):
        raise RationaleMissing(
            "Say why, and under which conditions.", remedy="Every ballot of a committee has a reason."
        )
    kept = conditions.strip()[:MOST_WORDS] if choice is Choice.APPROVE_WITH_CONDITIONS else ""
    return ballot_cast(
        subject=subject_of(gate),
        scope=gate.scope,
        voter=voter,
        verdict=VERDICTS[choice],
        digest=gate.digest if choice is Choice.RECUSE else digest,
        rationale=rationale.strip()[:MOST_WORDS],
        detail={"choice": choice.value, "conditions": kept, "seat": seat.seat},
        is_interactive=is_interactive,
        session_key=session_key,
        votes=Action.GATE_VOTE,
        is_sealed=True,
    )


def _seat_of(gate: Gate, actor: User, denial: Denial) -> GateSeat:
    seat = GateSeat.objects.filter(gate=gate, user=actor).order_by("is_alternate", "id").first()
    if seat is None:
        raise NotEligible(
            "You have no seat on this gate.", remedy="Those who sit on it are named on its page.", denial=denial
        )
    return seat


def _require_in_turn(gate: Gate, seat: GateSeat, denial: Denial) -> None:
    """Refuse an alternate while a holder of the seat is in: able to vote, not aside, or having spoken."""
    if not seat.is_alternate:
        return
    holders = seats_of(gate)[seat.seat].holders
    ballots = list(ballots_of(KIND, gate.pk))
    aside = {one.voter_id for one in ballots if one.verdict == Verdict.RECUSE.value}
    roster = roster_of(gate.scope)
    for holder in holders - aside:
        member = roster.find(holder)
        spoke = any(one.voter_id == holder for one in ballots)
        if member is not None and member.is_active and (spoke or not member.is_absent):
            raise NotEligible(
                f"You stand in for {member.name}, who has not stepped aside.",
                remedy="An alternate votes once every holder of the seat is away or has stepped aside.",
                denial=denial,
            )


@transaction.atomic
def gate_close(*, gate_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> GateDecision:
    """
    End the vote and decide. An approval grants the scope in this transaction, with its audit entry.

    The vote ends when every seat has spoken that can, or when its time is up. Without enough approvals by then it
    lapses; a veto, or objections that leave too few, reject it.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates.
    :raises GateClosed: the vote is not open.
    :raises GateBlocked: a seat has not spoken, the evidence changed, failed or is stale, or the database refuses.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.close", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.GATE_MANAGE, gate.scope, denial, CHAIR)
    require_state(gate, GateState.VOTING, denial=denial)
    policy, roster = gate_policy(definition_of(gate), seats_of(gate)), roster_of(gate.scope)
    is_late = is_over(gate)
    if not is_late:
        _require_heard(gate, policy, roster, denial)
    decision = decision_of(subject_of(gate), policy=policy, scope=gate.scope, is_kept=True)
    outcome = OUTCOMES[decision.state]
    if outcome is GateState.APPROVED or not is_late:
        _require_sound(gate, denial)
    if outcome is GateState.APPROVED:
        _require_lawful(gate, denial)
    return _decide(gate, decision, outcome, actor, session_key)


def _require_heard(gate: Gate, policy: Policy, roster: Roster, denial: Denial) -> None:
    silent = silent_seats(policy, roster, subject_of(gate), human_ballots(ballots_of(KIND, gate.pk)))
    if silent:
        raise GateBlocked(
            f"The vote is open until {gate.closes_at:%Y-%m-%d %H:%M} UTC, and "
            f"{' and '.join(seat.name for seat in silent)} has not spoken.",
            remedy="Close it when every seat has spoken, or when its time is up.",
            denial=denial,
        )


def _require_sound(gate: Gate, denial: Denial) -> None:
    if gate.evidence_changed:
        raise GateBlocked(
            gate.evidence_changed, remedy="Freeze the evidence anew; the vote begins again.", denial=denial
        )
    moment = now()
    require_fresh(gate, moment, denial)
    frozen = sorted(frozen_readings(gate).values(), key=lambda one: one.position)
    require_lines(lines_now(gate, moment, frozen), denial)
    failing = [one.key for one in newest_readings(gate) if one.error]
    if failing:
        raise GateBlocked(
            f"The source of {', '.join(failing)} cannot be read now, so nobody knows whether it still holds.",
            remedy="Repair the source and refresh the evidence.",
            denial=denial,
        )


def _require_lawful(gate: Gate, denial: Denial) -> None:
    """Ask the database whether it takes the approval: a veto stands there also when whoever cast it has left since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_gate_refused(gate) FROM governance_gate gate WHERE id = %s", [gate.pk])
        why = str(cursor.fetchone()[0])
    if why:
        raise GateBlocked(
            f"The gate is not approved while {why}, whoever has left or come back since.",
            remedy="Freeze the evidence anew, so that the vote begins again, or withdraw it.",
            denial=denial,
        )


def _decide(gate: Gate, decision: Decision, outcome: str, actor: User, session_key: str) -> GateDecision:
    freeze = GateFreeze.objects.get(gate=gate, number=gate.freeze_number)
    ballots = [one for one in ballots_of(KIND, gate.pk) if _counts(one, gate)]
    content = _content(gate, decision, ballots)
    rung_id = uuid4() if outcome == GateState.APPROVED else None
    row = GateDecision.objects.create(
        gate=gate,
        freeze=freeze,
        outcome=outcome,
        content=content,
        content_digest=sha256_hex(canonical_json(content)),
        rung_id=rung_id,
        decided_by=actor,
    )
    row.refresh_from_db()
    gate.state, gate.closed_by, gate.closed_at = outcome, actor, now()
    gate.close_reason = " ".join(decision.reasons)
    gate.save(update_fields=["state", "closed_by", "closed_at", "close_reason"])
    if rung_id is not None:
        _grant(gate, rung_id, actor)
    audit_record(
        action="gate.decide",
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=gate.scope,
        before_digest=gate.digest,
        after_digest=row.content_digest,
        reason=gate.close_reason,
        session_key=session_key,
        detail={"outcome": str(outcome), "rung": str(rung_id or ""), "definition": gate.definition_digest, **content},
    )
    return row


def _counts(ballot: Ballot, gate: Gate) -> bool:
    is_recusal = ballot.verdict == Verdict.RECUSE.value
    return ballot.voided_at is None and (is_recusal or ballot.subject_digest == gate.digest)


def _content(gate: Gate, decision: Decision, ballots: Sequence[Ballot]) -> dict[str, Any]:
    """Return what is kept of a decision: accounts by number, since an erasure never reaches it."""
    titles = {seat.key: seat.title for seat in definition_of(gate).seats}
    said = [
        {
            "ballot": str(one.pk),
            "voter": one.voter_id,
            "seat": titles.get(one.detail.get("seat", ""), ""),
            "choice": one.detail.get("choice", one.verdict),
            "rationale": one.rationale,
            "conditions": one.detail.get("conditions", ""),
            "cast_at": one.cast_at.isoformat(),
            "uncounted": "" if one.voter.is_active else ACCOUNT_CLOSED,
        }
        for one in ballots
    ]
    return {
        "needed": decision.needed,
        "approvals": len(decision.filled),
        "present": decision.present,
        "seats": len(titles),
        "filled": [{"seat": one.seat.name, "voter": one.voter_id} for one in decision.filled],
        "reasons": list(decision.reasons),
        "ballots": said,
        "dissent": [one for one in said if one["choice"] == Choice.REJECT.value],
        "conditions": [
            {"seat": one["seat"], "voter": one["voter"], "text": one["conditions"]} for one in said if one["conditions"]
        ],
        "minutes": gate.minutes,
    }


def _grant(gate: Gate, rung_id: UUID, actor: User) -> None:
    scopes = list(Scope.objects.filter(pk__in=gate.granted).select_related("organisation"))
    if {one.pk for one in scopes} != set(gate.granted):
        raise GateInvalid("A repository that shall be granted is gone.", remedy="Withdraw the gate and ask anew.")
    rung_grant(
        rung_id=rung_id,
        gate_id=gate.pk,
        title=gate.title,
        scopes=scopes,
        risk_max=gate.risk_max,
        task_classes=gate.task_classes,
        models=gate.model_names,
        expires_at=gate.expires_at,
        tripwires=gate.tripwires,
        evidence_digest=gate.digest,
        actor=actor,
    )
