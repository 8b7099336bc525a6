"""Write the audit chain."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.core.errors import NofxError
from apps.governance.engine.chain import GENESIS, ActorType, Outcome, entry_hash, origin_digest, plain
from apps.governance.errors import Denial
from apps.governance.models import AuditEvent, AuditOrigin, Scope, User, entry_content
from apps.governance.origin import Origin, origin_now
from apps.governance.signals import audit_recorded

PLATFORM = "platform"
# Held to the end of the writer's transaction, so that entries are numbered in the order in which they commit.
CHAIN_LOCK = 0x6E6F6678_61756474

FORMAT = 2
# Of one account and one action so many refusals an hour are recorded; the last one says so. Asking fills no disk.
DENIALS_AN_HOUR = 60


@transaction.atomic
def audit_record(
    *,
    action: str,
    object_kind: str,
    object_id: object,
    actor: User | str | None,
    scope: Scope | None = None,
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    before_digest: str = "",
    after_digest: str = "",
    on_behalf_of: str = "",
    session_key: str = "",
    policy_version: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEvent:
    """
    Append one entry, in the caller's transaction.

    *actor* is a user, the id of a model, or None for the platform itself. Where the work comes from (address, browser,
    session, request) is noted by itself. Writers wait for one another from here to the end of their transaction, so
    call this last.
    """
    actor_id, actor_type = _actor(actor)
    origin = origin_now()
    beside = _beside(origin)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first()
    sequence, previous_hash = (last[0] + 1, last[1]) if last else (1, GENESIS)
    event = AuditEvent(
        sequence=sequence,
        at=now(),
        actor_id=_text(actor_id, 64),
        actor_type=actor_type.value,
        on_behalf_of=_text(on_behalf_of, 64),
        session_digest=sha256_hex(key) if (key := session_key or (origin.session_key if origin else "")) else "",
        action=_text(action, 60),
        object_kind=_text(object_kind, 40),
        object_id=_text(str(object_id), 64),
        scope=scope,
        before_digest=_text(before_digest, 64),
        after_digest=_text(after_digest, 64),
        reason=_text(reason),
        outcome=Outcome(outcome).value,
        detail=plain(dict(detail or {})),
        format=FORMAT,
        actor_is_agent=_is_agent(actor_type, origin),
        origin_digest=origin_digest(beside.salt, beside.ip, beside.user_agent) if beside else "",
        policy_version=_text(policy_version, 80),
        request_id=_text(origin.request_id, 64) if origin else "",
        previous_hash=previous_hash,
    )
    event.hash = entry_hash(previous_hash, sequence, entry_content(event))
    event.save(force_insert=True)
    if beside:
        beside.event = event
        beside.save(force_insert=True)
    # Robust: the entry stands, whatever becomes of those who are told.
    transaction.on_commit(partial(audit_recorded.send_robust, AuditEvent, event=event), robust=True)
    return event


def audit_denied(
    *,
    action: str,
    object_kind: str,
    object_id: object,
    actor: User | None,
    reason: str,
    scope: Scope | None = None,
    session_key: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEvent:
    """
    Append the record of a refusal, in a transaction of its own, so that it stays when the refused work is undone.

    :raises RuntimeError: the caller is inside a transaction, which could take the record with it.
    """
    with transaction.atomic(durable=True):
        return audit_record(
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            actor=actor,
            scope=scope,
            outcome=Outcome.DENIED,
            reason=reason,
            session_key=session_key,
            detail=detail,
        )


def denial_record(
    *, error: NofxError, actor: User | None, session_key: str = "", denial: Denial | None = None
) -> AuditEvent | None:
    """
    Append what *error*, or else *denial*, says was refused, once.

    None when neither names anything, when it is recorded already, or when the same came too often within an hour.

    :raises RuntimeError: the caller is inside a transaction.
    """
    denial = getattr(error, "denial", None) or denial
    if denial is None or denial.is_recorded:
        return None
    lately = _denied_lately(actor, denial.action)
    if lately >= DENIALS_AN_HOUR:
        return None
    last = {"further_refusals": "not recorded for up to an hour"} if lately == DENIALS_AN_HOUR - 1 else {}
    event = audit_denied(
        action=denial.action,
        object_kind=denial.object_kind,
        object_id=denial.object_id,
        actor=actor,
        scope=Scope.objects.filter(pk=denial.scope_id).first() if denial.scope_id else None,
        reason=error.message,
        session_key=session_key,
        detail={"code": error.code, **denial.detail, **last},
    )
    denial.is_recorded = True
    return event


def _denied_lately(actor: User | None, action: str) -> int:
    """Return how many refusals of *action* to *actor* were recorded in the last hour, counting up to the limit."""
    actor_id, _ = _actor(actor)
    denied = AuditEvent.objects.filter(actor_id=actor_id, action=_text(action, 60), outcome=Outcome.DENIED.value)
    newest = denied.order_by("-sequence").values_list("at", flat=True)[:DENIALS_AN_HOUR]
    since: datetime = now() - timedelta(hours=1)
    return sum(at > since for at in newest)


def _beside(origin: Origin | None) -> AuditOrigin | None:
    if origin is None or not (origin.ip or origin.user_agent):
        return None
    return AuditOrigin(salt=secrets.token_hex(16), ip=_text(origin.ip), user_agent=_text(origin.user_agent))


def _is_agent(actor_type: ActorType, origin: Origin | None) -> bool:
    return actor_type in {ActorType.MODEL, ActorType.SERVICE} or bool(origin and origin.has_token)


def _actor(actor: User | str | None) -> tuple[str, ActorType]:
    if actor is None:
        return PLATFORM, ActorType.SYSTEM
    if isinstance(actor, str):
        return actor, ActorType.MODEL
    return str(actor.pk), ActorType.SERVICE if actor.is_service else ActorType.HUMAN


def _text(value: str, length: int | None = None) -> str:
    text = cast("str", plain(value))
    return text if length is None else text[:length]
