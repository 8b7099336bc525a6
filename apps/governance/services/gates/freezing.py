"""Open the vote of a gate: freeze exactly what it is about, and freeze it anew where the evidence changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.authorship import authored_shares
from apps.governance.engine.figures import figure_told
from apps.governance.engine.gates import (
    BLOCKING,
    PASSING,
    SIGNS,
    WAIVABLE,
    GateState,
    Judged,
    State,
    judge,
    vote_length,
)
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, GateBlocked, GateInvalid
from apps.governance.measures import Window, measure_find
from apps.governance.models import Gate, GateEvidence, GateFreeze, GateReading, GateWaiver, Scope, User
from apps.governance.services.audit import audit_record
from apps.governance.services.ballots import ballots_void
from apps.governance.services.gates.access import (
    KIND,
    definition_of,
    denial_of,
    gate_locked,
    is_over,
    require_person,
    require_role,
    require_state,
)
from apps.governance.services.gates.evidence import reading_of
from apps.governance.services.gates.requests import seats_of, seats_require_possible, vetoes_require_seated
from apps.governance.services.gates.waivers import standing_waivers

# What is frozen or decided was read, or looked at again, within this time.
EVIDENCE_LIFE = timedelta(hours=1)
CHAIR = "The chair of the committee"


@dataclass(frozen=True)
class Line:
    """One criterion with what was read last and what that means now, waivers included."""

    reading: GateReading
    judged: Judged
    state: State
    is_required: bool
    waiver: GateWaiver | None

    @property
    def is_in_the_way(self) -> bool:
        """Whether nothing can be opened or decided because of it."""
        return self.state in BLOCKING or (self.is_required and self.state not in PASSING)


def lines_now(gate: Gate, moment: datetime, readings: Sequence[GateReading]) -> list[Line]:
    """Return *readings* judged at *moment*; one query for the waivers."""
    definition, waivers = definition_of(gate), standing_waivers(gate, moment)
    lines = []
    for one in readings:
        criterion = definition.find(one.criterion)
        if criterion is None:
            continue
        judged = judge(criterion, measure_find(one.measure), reading_of(one), error=one.error, now=moment)
        waiver = waivers.get(one.key)
        is_waived = waiver is not None and judged.state in WAIVABLE
        state = State.WAIVED if is_waived else judged.state
        lines.append(Line(one, judged, state, criterion.is_required, waiver if is_waived else None))
    return lines


def newest_readings(gate: Gate) -> list[GateReading]:
    """Return the newest batch of readings, in the order of the definition; one query."""
    rows = GateReading.objects.filter(gate=gate, batch=gate.evidence_batch)
    return list(rows.select_related("place__organisation").order_by("position", "id"))


@transaction.atomic
def gate_open(*, gate_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> Gate:
    """
    Freeze the evidence and open the vote.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates.
    :raises GateClosed: it was opened, decided or withdrawn.
    :raises GateBlocked: the evidence is not fresh, failed, or misses what the definition requires.
    :raises Unsatisfiable: the people who sit on it could never approve it, or nobody could cast a veto.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.open", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.GATE_MANAGE, gate.scope, denial, CHAIR)
    require_state(gate, GateState.DRAFT, denial=denial)
    seats_require_possible(gate)
    vetoes_require_seated(gate)
    moment = now()
    freeze = _freeze(gate, actor, moment, "", denial)
    gate.state = GateState.VOTING
    gate.opened_by, gate.opened_at = actor, moment
    gate.closes_at = moment + vote_length(definition_of(gate))
    gate.save(
        update_fields=["state", "freeze_number", "digest", "evidence_changed", "opened_by", "opened_at", "closes_at"]
    )
    _record("gate.open", freeze, actor, session_key, before="")
    return gate


@transaction.atomic
def gate_refreeze(*, gate_id: UUID, reason: str, actor: User, is_interactive: bool, session_key: str = "") -> Gate:
    """
    Freeze the evidence anew while the vote is open: every ballot on the former one is void, and says so.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates.
    :raises GateClosed: the vote is not open, or its time is up.
    :raises GateBlocked: the evidence is not fresh, failed, or misses what the definition requires.
    :raises GateInvalid: there is no reason.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.refreeze", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.GATE_MANAGE, gate.scope, denial, CHAIR)
    require_state(gate, GateState.VOTING, denial=denial)
    if is_over(gate):
        raise GateBlocked("The time of this vote is up.", remedy="Close it, and ask for a new one.", denial=denial)
    if not reason.strip():
        raise GateInvalid("Say why it is frozen anew.", remedy="One sentence is enough.")
    before = gate.digest
    freeze = _freeze(gate, actor, now(), reason.strip(), denial)
    gate.save(update_fields=["freeze_number", "digest", "evidence_changed"])
    ballots_void(
        subject_kind=KIND,
        subject_id=gate.pk,
        new_digest=gate.digest,
        reason=f"The chair froze the evidence anew: {freeze.reason}",
    )
    _record("gate.refreeze", freeze, actor, session_key, before=before)
    return gate


def require_lines(lines: Sequence[Line], denial: Denial) -> None:
    """
    Let only evidence pass on which a vote may open or be decided.

    :raises GateBlocked: a figure failed or is stale, or a criterion that is required is neither met nor waived.
    """
    bad = [line for line in lines if line.is_in_the_way]
    if not lines or bad:
        named = "; ".join(f"{line.reading.key} is {line.state.value.replace('_', ' ')}" for line in bad)
        raise GateBlocked(
            f"The evidence does not allow it: {named or 'nothing was read yet'}.",
            remedy="Each row says what is missing. Refresh the evidence once it is there.",
            denial=denial,
        )


def require_fresh(gate: Gate, moment: datetime, denial: Denial) -> None:
    """
    Let only a gate pass whose evidence was read within the last hour, and not in the future.

    :raises GateBlocked: it was not.
    """
    read_at = gate.evidence_read_at
    if read_at is None or not moment - EVIDENCE_LIFE <= read_at <= moment + timedelta(minutes=5):
        raise GateBlocked(
            "The evidence was not read within the last hour.", remedy="Refresh the evidence first.", denial=denial
        )


def _freeze(gate: Gate, actor: User, moment: datetime, reason: str, denial: Denial) -> GateFreeze:
    require_fresh(gate, moment, denial)
    lines = lines_now(gate, moment, newest_readings(gate))
    require_lines(lines, denial)
    content = _content(gate, lines)
    freeze = GateFreeze.objects.create(
        gate=gate,
        number=gate.freeze_number + 1,
        digest=sha256_hex(canonical_json(content)),
        content=content,
        statement=_statement(gate, content),
        reason=reason,
        frozen_by=actor,
    )
    freeze.refresh_from_db()
    GateEvidence.objects.bulk_create(
        GateEvidence(
            freeze=freeze,
            reading=line.reading,
            waiver=line.waiver,
            is_required=line.is_required,
            state=line.state.value,
            sentence=line.judged.sentence,
        )
        for line in lines
    )
    gate.freeze_number, gate.digest, gate.evidence_changed = freeze.number, freeze.digest, ""
    return freeze


def _content(gate: Gate, lines: Sequence[Line]) -> dict[str, Any]:
    names = {
        one.pk: str(one)
        for one in Scope.objects.filter(pk__in=[*gate.granted, *gate.sample]).select_related("organisation")
    }
    definition = definition_of(gate)
    return {
        "gate": str(gate.pk),
        "number": gate.freeze_number + 1,
        "title": gate.title,
        "definition": gate.definition_digest,
        "rule": {"seats": len(definition.seats), "needed": definition.needed, "quorum": definition.quorum},
        "granted": [[key, names.get(key, "")] for key in gate.granted],
        "sample": [[key, names.get(key, "")] for key in gate.sample],
        "risk_max": gate.risk_max,
        "task_classes": gate.task_classes,
        "models": gate.model_names,
        "expires_at": gate.expires_at.isoformat(),
        "tripwires": gate.tripwires,
        "risks": gate.risks,
        "seats": {
            key: {"holders": sorted(seat.holders), "alternates": sorted(seat.alternates)}
            for key, seat in seats_of(gate).items()
        },
        "authored": _authored(gate, lines, definition.authored_share),
        "evidence": [_row(line) for line in lines],
    }


def _authored(gate: Gate, lines: Sequence[Line], most: float) -> list[dict[str, Any]]:
    """Return, by number, who sits on the gate and wrote more than *most* of what its evidence counts."""
    start = min(line.reading.window_start for line in lines)
    end = max(line.reading.window_end for line in lines)
    shares = authored_shares(gate.sample, Window(start, end))
    seated = {user for seat in seats_of(gate).values() for user in seat.holders | seat.alternates}
    authors = [user for user, share in shares.items() if share > most and user in seated]
    return [
        {"user": user, "share": round(shares[user], 4)} for user in sorted(authors, key=lambda one: (-shares[one], one))
    ]


def _row(line: Line) -> dict[str, Any]:
    one = line.reading
    return {
        "key": one.key,
        "measure": one.measure,
        "measure_version": one.measure_version,
        "value": one.value,
        "n": one.n,
        "low": one.low,
        "high": one.high,
        "as_of": one.as_of.isoformat() if one.as_of else None,
        "window": [one.window_start.isoformat(), one.window_end.isoformat()],
        "missing": one.missing,
        "sources": one.sources,
        "is_required": line.is_required,
        "state": line.state.value,
        "sentence": line.judged.sentence,
        "waiver": _waiver(line.waiver),
    }


def _waiver(waiver: GateWaiver | None) -> dict[str, Any] | None:
    if waiver is None or waiver.confirmed_by is None:
        return None
    return {
        "id": str(waiver.pk),
        "reason": waiver.reason,
        "ends_at": waiver.ends_at.isoformat(),
        "signed_by": [waiver.asked_by_id, waiver.confirmed_by_id],
    }


def _statement(gate: Gate, content: dict[str, Any]) -> str:
    places = ", ".join(name for _, name in content["granted"])
    return (
        f"I have looked at the evidence of “{gate.title}” as frozen, and vote on whether code may be asked for in "
        f"{places}, up to {gate.risk_max} risk, until {gate.expires_at:%Y-%m-%d}."
    )


def row_threshold(line: Line, gate: Gate) -> str:
    """Return what the criterion of *line* asks for, in a sign and a figure."""
    criterion = definition_of(gate).find(line.reading.criterion)
    measure = measure_find(line.reading.measure)
    if criterion is None:
        return ""
    return f"{SIGNS[criterion.comparison]} {figure_told(criterion.threshold, measure)}"


def _record(action: str, freeze: GateFreeze, actor: User, session_key: str, *, before: str) -> None:
    gate = freeze.gate
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=gate.scope,
        before_digest=before,
        after_digest=freeze.digest,
        reason=freeze.reason,
        session_key=session_key,
        detail={"number": freeze.number, "definition": gate.definition_digest, "authored": freeze.content["authored"]},
    )
