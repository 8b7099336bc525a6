"""Waive a criterion of a gate: two people, a reason, an end, and no more than the definition allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.engine.gates import UNDECIDED, WAIVABLE, State
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, GateBlocked, GateInvalid, NotEligible
from apps.governance.models import Gate, GateReading, GateWaiver, User
from apps.governance.selectors import accounts_of
from apps.governance.services.audit import audit_record
from apps.governance.services.gates.access import (
    KIND,
    definition_of,
    denial_of,
    gate_locked,
    require_person,
    require_role,
    require_state,
)
from apps.governance.services.gates.evidence import gate_rows

LONGEST = timedelta(days=90)
WHO = "A quality lead or the chair of the committee"


def standing_waivers(gate: Gate, moment: datetime) -> dict[str, GateWaiver]:
    """Return the waivers that two people signed and that have not ended, by the key of the row; one query."""
    rows = GateWaiver.objects.filter(
        gate=gate, withdrawn_at__isnull=True, confirmed_at__isnull=False, ends_at__gt=moment
    )
    return {row.key: row for row in rows.select_related("asked_by", "confirmed_by")}


@transaction.atomic
def waiver_ask(
    *, gate_id: UUID, key: str, reason: str, ends_at: datetime, actor: User, is_interactive: bool
) -> GateWaiver:
    """
    Sign first: this criterion need not be met until *ends_at*.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor's role signs no waiver.
    :raises NotEligible: the actor asked for the expansion.
    :raises GateClosed: the gate was decided or withdrawn.
    :raises GateBlocked: what it is about failed or is stale, or as many criteria are waived as may be.
    :raises GateInvalid: there is no such criterion, no reason, or the end is past or too far away.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.waive", gate)
    _require_signer(gate, actor, denial, is_interactive=is_interactive)
    if key not in {row.key for row in gate_rows(gate)}:
        raise GateInvalid("The gate has no such criterion.")
    if not reason.strip() or not now() < ends_at <= now() + LONGEST:
        raise GateInvalid(
            "A waiver has a reason and ends within 90 days.", remedy="Give a reason and a day within 90 days."
        )
    _require_waivable(gate, key, denial)
    open_ones = GateWaiver.objects.filter(gate=gate, withdrawn_at__isnull=True)
    open_ones.filter(ends_at__lte=now()).update(withdrawn_by=actor, withdrawn_at=now())
    if open_ones.filter(key=key).exists():
        raise GateBlocked("Somebody asked to waive this already.", denial=denial)
    most = definition_of(gate).most_waivers
    if open_ones.count() >= most:
        raise GateBlocked(
            f"At most {most} criteria of this gate are waived.", remedy="Withdraw another waiver first.", denial=denial
        )
    waiver = GateWaiver.objects.create(gate=gate, key=key, reason=reason.strip(), ends_at=ends_at, asked_by=actor)
    waiver.refresh_from_db()
    _record("gate.waive", waiver, actor, reason=waiver.reason)
    return waiver


@transaction.atomic
def waiver_confirm(*, waiver_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> GateWaiver:
    """
    Sign second. It counts from the next freeze on.

    :raises NotFound: there is no such waiver.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor's role signs no waiver.
    :raises NotEligible: the actor signed first, in whichever account, or asked for the expansion.
    :raises GateClosed: the gate was decided or withdrawn.
    :raises GateBlocked: it was confirmed or withdrawn, or has ended.
    """
    waiver = _found(waiver_id)
    gate = gate_locked(waiver.gate_id)
    waiver = GateWaiver.objects.select_for_update().get(pk=waiver_id)
    denial = denial_of("gate.waiver_confirm", gate)
    _require_signer(gate, actor, denial, is_interactive=is_interactive)
    if waiver.asked_by_id in accounts_of(actor):
        raise NotEligible("You asked for this waiver; another person confirms it.", denial=denial)
    if waiver.confirmed_at is not None or waiver.withdrawn_at is not None or waiver.ends_at <= now():
        raise GateBlocked("This waiver was confirmed or withdrawn, or has ended.", denial=denial)
    waiver.confirmed_by, waiver.confirmed_at = actor, now()
    waiver.save(update_fields=["confirmed_by", "confirmed_at"])
    _record("gate.waiver_confirm", waiver, actor, session_key=session_key)
    return waiver


@transaction.atomic
def waiver_withdraw(*, waiver_id: UUID, actor: User, is_interactive: bool) -> GateWaiver:
    """
    Take a waiver back. A vote on evidence that rests on it cannot be decided any more.

    :raises NotFound: there is no such waiver.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor's role signs no waiver.
    :raises NotEligible: the actor asked for the expansion.
    :raises GateClosed: the gate was decided or withdrawn.
    :raises GateBlocked: it was withdrawn before.
    """
    waiver = _found(waiver_id)
    gate = gate_locked(waiver.gate_id)
    waiver = GateWaiver.objects.select_for_update().get(pk=waiver_id)
    denial = denial_of("gate.waiver_withdraw", gate)
    _require_signer(gate, actor, denial, is_interactive=is_interactive)
    if waiver.withdrawn_at is not None:
        raise GateBlocked("This waiver was withdrawn before.", denial=denial)
    waiver.withdrawn_by, waiver.withdrawn_at = actor, now()
    waiver.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record("gate.waiver_withdraw", waiver, actor)
    return waiver


def _found(waiver_id: UUID) -> GateWaiver:
    waiver = GateWaiver.objects.filter(pk=waiver_id).first()
    if waiver is None:
        raise NotFound("There is no such waiver.")
    return waiver


def _require_signer(gate: Gate, actor: User, denial: Denial, *, is_interactive: bool) -> None:
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.THRESHOLD_EDIT, gate.scope, denial, WHO)
    require_state(gate, *UNDECIDED, denial=denial)
    if actor.pk in accounts_of(gate.requested_by):
        raise NotEligible("Whoever asked for the expansion waives nothing of it.", denial=denial)


def _require_waivable(gate: Gate, key: str, denial: Denial) -> None:
    last = GateReading.objects.filter(gate=gate, key=key).order_by("-batch").first()
    if last is None or State(last.state) not in WAIVABLE:
        state = "not read yet" if last is None else State(last.state).value.replace("_", " ")
        raise GateBlocked(
            f"Only what is not met or has too few data is waived; this is {state}.",
            remedy="An error or a stale figure is repaired, never waived.",
            denial=denial,
        )


def _record(action: str, waiver: GateWaiver, actor: User, *, reason: str = "", session_key: str = "") -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=waiver.gate_id,
        actor=actor,
        scope=waiver.gate.scope,
        reason=reason,
        session_key=session_key,
        detail={"waiver": str(waiver.pk), "criterion": waiver.key, "ends_at": waiver.ends_at.isoformat()},
    )
