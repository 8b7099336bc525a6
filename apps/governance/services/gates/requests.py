"""Ask for an expansion, seat the committee, withdraw the wish, keep the minutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.decisions import Seat
from apps.governance.engine.gates import (
    TEMPLATES,
    UNDECIDED,
    GateState,
    Seated,
    definition_content,
    empty_vetoes,
    gate_policy,
)
from apps.governance.engine.permissions import Action
from apps.governance.engine.tripwires import tripwire_data, tripwire_read
from apps.governance.errors import Denial, GateInvalid, NotAllowed, Unsatisfiable
from apps.governance.models import Gate, GateDefinitionVersion, GateSeat, Scope, User
from apps.governance.selectors import accounts_of, approval_prospect, roster_of, scopes_where
from apps.governance.services.audit import audit_record
from apps.governance.services.gates.access import (
    KIND,
    definition_of,
    denial_of,
    gate_locked,
    require_person,
    require_role,
    require_state,
    subject_of,
)

LONGEST_GRANT = timedelta(days=366)


@dataclass(frozen=True)
class Wish:
    """
    What an expansion asks for: ``granted`` repositories beyond those of the ``sample``, up to a risk, until a day.

    ``flagships`` are those of the sample that count by themselves. No task classes and no models mean all of them.
    """

    title: str
    granted: Sequence[Scope]
    sample: Sequence[Scope]
    flagships: Sequence[Scope]
    risk_max: str
    expires_at: datetime
    task_classes: Sequence[str] = ()
    models: Sequence[str] = ()
    tripwires: Sequence[Mapping[str, Any]] = ()
    risks: str = ""


@dataclass(frozen=True)
class Sitting:
    """Who shall sit on each seat, by its key, and who stands in."""

    holders: Mapping[str, Collection[User]]
    alternates: Mapping[str, Collection[User]] = field(default_factory=dict)


@transaction.atomic
def gate_request(*, scope: Scope, template: str, wish: Wish, actor: User, is_interactive: bool) -> Gate:
    """
    Ask the committee of an organisation for an expansion; whoever asks has no vote on it.

    The gate is held against the newest published definition, or the built-in one, for as long as it lives.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor neither writes specifications nor manages gates in what shall be granted.
    :raises GateInvalid: it asks for nothing, mixes organisations, ends in the past, or misses a flagship.
    """
    denial = Denial("gate.request", KIND, template, scope.pk)
    require_person(actor, denial, is_interactive=is_interactive)
    _require_asker(actor, wish, denial)
    definition, content = definition_ruling(scope, template)
    _require_sound(scope, wish, content)
    gate = Gate.objects.create(
        scope=scope,
        title=wish.title.strip()[:200],
        definition=definition,
        definition_content=content,
        definition_digest=sha256_hex(canonical_json(content)),
        granted=sorted({one.pk for one in wish.granted}),
        sample=sorted({one.pk for one in wish.sample}),
        flagships=sorted({one.pk for one in wish.flagships}),
        risk_max=wish.risk_max,
        task_classes=sorted(set(wish.task_classes)),
        model_names=sorted(set(wish.models)),
        expires_at=wish.expires_at,
        tripwires=[tripwire_data(tripwire_read(one)) for one in wish.tripwires],
        risks=wish.risks.strip(),
        requested_by=actor,
    )
    gate.refresh_from_db()
    audit_record(
        action="gate.request",
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=scope,
        after_digest=gate.definition_digest,
        reason=gate.title,
        detail={"granted": gate.granted, "sample": gate.sample, "risk_max": gate.risk_max},
    )
    return gate


def definition_ruling(scope: Scope, template: str) -> tuple[GateDefinitionVersion | None, dict[str, Any]]:
    """
    Return the newest published version of *template* in an organisation, None for the built-in one, and its content.

    :raises GateInvalid: there is no such template.
    """
    if template not in TEMPLATES:
        raise GateInvalid("There is no such template of a gate.", remedy="Choose one from the list.")
    published = GateDefinitionVersion.objects.filter(scope=scope, name=template, published_at__isnull=False)
    version = published.order_by("-number").first()
    return version, version.content if version else definition_content(TEMPLATES[template])


def _require_asker(actor: User, wish: Wish, denial: Denial) -> None:
    wanted = {one.pk for one in wish.granted}
    mine = {
        key
        for action in (Action.SPEC_WRITE, Action.GATE_MANAGE)
        for key in scopes_where(actor, action).filter(pk__in=wanted).values_list("pk", flat=True)
    }
    if wanted - mine:
        raise NotAllowed(
            "Your role does not ask for generated code in all of these repositories.",
            remedy="Those who write specifications there can, and the chair of the committee.",
            denial=denial,
        )


def _require_sound(scope: Scope, wish: Wish, content: Mapping[str, Any]) -> None:
    _require_places(scope, wish)
    if {one.pk for one in wish.flagships} - {one.pk for one in wish.sample}:
        raise GateInvalid("A flagship is one of the repositories of the evidence.", remedy="Add it there as well.")
    if not wish.flagships and any(one["per_flagship"] and one["is_required"] for one in content["criteria"]):
        raise GateInvalid(
            "Some criteria are read for each flagship repository, and none is chosen.",
            remedy="Choose one or two flagship repositories.",
        )
    _require_bounds(wish)


def _require_places(scope: Scope, wish: Wish) -> None:
    places = [*wish.granted, *wish.sample, *wish.flagships]
    if not wish.title.strip() or not wish.granted or not wish.sample:
        raise GateInvalid(
            "A gate has a title, repositories to open, and repositories whose records are the evidence.",
            remedy="Choose at least one of each.",
        )
    if scope.repository or any(one.organisation_id != scope.organisation_id or not one.repository for one in places):
        raise GateInvalid("A gate is about repositories of one organisation.", remedy="Choose those of one.")
    pilots = sorted(one.repository for one in wish.granted if one.is_pilot)
    if pilots:
        raise GateInvalid(
            f"Code may be asked for in {', '.join(pilots)} already: a pilot needs no gate.",
            remedy="Choose repositories that are no pilots.",
        )


def _require_bounds(wish: Wish) -> None:
    if not now() < wish.expires_at <= now() + LONGEST_GRANT:
        raise GateInvalid("What is granted ends within a year, and not in the past.", remedy="Choose another day.")
    if wish.risk_max not in Gate.Risk.values:
        raise GateInvalid("A gate says up to which risk code may be asked for.")
    try:
        for one in wish.tripwires:
            tripwire_read(one)
    except ValueError as error:
        raise GateInvalid(str(error), remedy="Change the tripwires.") from error


@transaction.atomic
def gate_seat(*, gate_id: UUID, sitting: Sitting, actor: User, is_interactive: bool) -> Gate:
    """
    Settle who sits on a gate and who stands in, in place of whoever was to before. Only before the vote.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates.
    :raises GateClosed: the vote was opened.
    :raises GateInvalid: an unknown seat, alternates of nobody, somebody on two seats, or whoever asked for it.
    :raises Unsatisfiable: these people could never approve it.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.seat", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.GATE_MANAGE, gate.scope, denial, "The chair of the committee")
    require_state(gate, GateState.DRAFT, denial=denial)
    _require_seatable(gate, sitting)
    GateSeat.objects.filter(gate=gate).delete()
    GateSeat.objects.bulk_create(
        GateSeat(gate=gate, seat=key, user=user, is_alternate=is_alternate, assigned_by=actor)
        for is_alternate, people in ((False, sitting.holders), (True, sitting.alternates))
        for key, users in people.items()
        for user in users
    )
    seats_require_possible(gate)
    audit_record(
        action="gate.seat",
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=gate.scope,
        detail={
            "holders": {key: sorted(one.pk for one in users) for key, users in sitting.holders.items()},
            "alternates": {key: sorted(one.pk for one in users) for key, users in sitting.alternates.items()},
        },
    )
    return gate


def _require_seatable(gate: Gate, sitting: Sitting) -> None:
    known = {seat.key for seat in definition_of(gate).seats}
    if set(sitting.holders) | set(sitting.alternates) > known:
        raise GateInvalid("The gate has no such seat.")
    if any(users and not sitting.holders.get(key) for key, users in sitting.alternates.items()):
        raise GateInvalid("Alternates stand in for somebody: say who holds the seat.")
    seated = [user for users in (*sitting.holders.values(), *sitting.alternates.values()) for user in users]
    people = [user.person_key or f"account {user.pk}" for user in seated]
    if len(set(people)) != len(people):
        raise GateInvalid("One person sits on one seat at most.", remedy="Name somebody else for one of them.")
    barred = set(accounts_of(gate.requested_by))
    if any(user.pk in barred for user in seated):
        raise GateInvalid("Whoever asked for the expansion has no seat on its gate.", remedy="Name somebody else.")
    if any(user.is_service or not user.is_active for user in seated):
        raise GateInvalid("Only active people sit on a gate.", remedy="Name somebody else.")


def seats_of(gate: Gate) -> dict[str, Seated]:
    """Return who sits on *gate*, by the key of the seat; one query."""
    holders: dict[str, set[int]] = {}
    alternates: dict[str, set[int]] = {}
    for row in GateSeat.objects.filter(gate=gate):
        (alternates if row.is_alternate else holders).setdefault(row.seat, set()).add(row.user_id)
    return {key: Seated(key, frozenset(found), frozenset(alternates.get(key, ()))) for key, found in holders.items()}


def seats_require_possible(gate: Gate) -> None:
    """
    Refuse a committee that could never approve *gate*.

    :raises Unsatisfiable: too few of its seats can be filled.
    """
    definition = definition_of(gate)
    policy = gate_policy(definition, seats_of(gate))
    missing, _ = approval_prospect(policy=policy, scope=gate.scope, barred=subject_of(gate).barred)
    if missing:
        raise Unsatisfiable(
            f"These people could never decide it: {definition.needed} seats must approve, and nobody could fill "
            f"{_listed(missing)}.",
            remedy="Name committee members or chairs of the organisation who did not ask for it.",
        )


def vetoes_require_seated(gate: Gate) -> None:
    """
    Refuse a committee in which a seat with a veto has nobody who could cast it.

    :raises Unsatisfiable: such a seat is empty, or nobody on it may vote.
    """
    policy = gate_policy(definition_of(gate), seats_of(gate))
    empty = empty_vetoes(policy, roster_of(gate.scope), subject_of(gate).barred)
    if empty:
        raise Unsatisfiable(
            f"Nobody could veto it: {_listed(empty)} has nobody on it who may vote.",
            remedy="Seat a member of the committee there before the vote opens; afterwards nobody is seated.",
        )


def _listed(seats: Sequence[Seat]) -> str:
    return ", ".join(seat.name for seat in seats)


@transaction.atomic
def gate_withdraw(*, gate_id: UUID, reason: str, actor: User, is_interactive: bool) -> Gate:
    """
    End a gate without a decision.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor neither asked for it nor manages gates.
    :raises GateClosed: it was decided or withdrawn.
    :raises GateInvalid: there is no reason.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.withdraw", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    if actor.pk not in accounts_of(gate.requested_by):
        require_role(actor, Action.GATE_MANAGE, gate.scope, denial, "Whoever asked for it, or the chair,")
    require_state(gate, *UNDECIDED, denial=denial)
    if not reason.strip():
        raise GateInvalid("Say why it is withdrawn.", remedy="One sentence is enough.")
    gate.state, gate.closed_by, gate.closed_at = GateState.WITHDRAWN, actor, now()
    gate.close_reason = reason.strip()
    gate.save(update_fields=["state", "closed_by", "closed_at", "close_reason"])
    audit_record(
        action="gate.withdraw",
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=gate.scope,
        reason=gate.close_reason,
    )
    return gate


@transaction.atomic
def gate_minutes(*, gate_id: UUID, minutes: str, actor: User, is_interactive: bool) -> Gate:
    """
    Keep what was said in the meeting. The decision takes the minutes as they are when the vote closes.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage gates.
    :raises GateClosed: it was decided or withdrawn.
    """
    gate = gate_locked(gate_id)
    denial = denial_of("gate.minutes", gate)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.GATE_MANAGE, gate.scope, denial, "The chair of the committee")
    require_state(gate, *UNDECIDED, denial=denial)
    before = sha256_hex(gate.minutes)
    gate.minutes = minutes.strip()
    gate.save(update_fields=["minutes"])
    audit_record(
        action="gate.minutes",
        object_kind=KIND,
        object_id=gate.pk,
        actor=actor,
        scope=gate.scope,
        before_digest=before,
        after_digest=sha256_hex(gate.minutes),
    )
    return gate
