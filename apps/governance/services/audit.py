"""Write and verify the audit chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import cast

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.governance.engine.chain import (
    CHAIN_ID,
    CHAIN_KIND,
    GENESIS,
    ActorType,
    AuditVerification,
    Link,
    Outcome,
    entry_hash,
    plain,
    verify,
)
from apps.governance.errors import Recorded
from apps.governance.models import AuditEvent, Scope, User
from apps.governance.signals import audit_recorded

PLATFORM = "platform"
# Held to the end of the writer's transaction, so that entries are numbered in the order in which they commit.
CHAIN_LOCK = 0x6E6F6678_61756474

HASHED = (
    "at",
    "actor_id",
    "actor_type",
    "on_behalf_of",
    "session_digest",
    "action",
    "object_kind",
    "object_id",
    "scope_id",
    "before_digest",
    "after_digest",
    "reason",
    "outcome",
    "detail",
)


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
    detail: Mapping[str, object] | None = None,
) -> AuditEvent:
    """
    Append one entry, in the caller's transaction.

    *actor* is a user, the id of a model, or None for the platform itself. Writers wait for one another from here to
    the end of their transaction, so call this last.
    """
    actor_id, actor_type = _actor(actor)
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
        session_digest=sha256_hex(session_key) if session_key else "",
        action=_text(action, 60),
        object_kind=_text(object_kind, 40),
        object_id=_text(str(object_id), 64),
        scope=scope,
        before_digest=_text(before_digest, 64),
        after_digest=_text(after_digest, 64),
        reason=_text(reason),
        outcome=Outcome(outcome).value,
        detail=plain(dict(detail or {})),
        previous_hash=previous_hash,
    )
    event.hash = entry_hash(previous_hash, sequence, _content(event))
    event.save(force_insert=True)
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


def denial_record(*, error: Recorded, actor: User | None, session_key: str = "") -> AuditEvent | None:
    """
    Append what *error* says was refused, once; None when it names nothing or is recorded already.

    :raises RuntimeError: the caller is inside a transaction.
    """
    denial = error.denial
    if denial is None or denial.is_recorded:
        return None
    event = audit_denied(
        action=denial.action,
        object_kind=denial.object_kind,
        object_id=denial.object_id,
        actor=actor,
        scope=Scope.objects.filter(pk=denial.scope_id).first() if denial.scope_id else None,
        reason=error.message,
        session_key=session_key,
        detail={"code": error.code, **denial.detail},
    )
    denial.is_recorded = True
    return event


def audit_verify() -> AuditVerification:
    """Read the whole chain and recompute every hash; about 50,000 entries a second or two."""
    return verify(audit_links(AuditEvent.objects.order_by("sequence")))


@transaction.atomic
def audit_check(*, actor: User, session_key: str = "") -> AuditVerification:
    """Verify the whole chain and append what was found, so that the next reader sees when it was last sound."""
    verification = audit_verify()
    audit_record(
        action="audit.verify",
        object_kind=CHAIN_KIND,
        object_id=CHAIN_ID,
        actor=actor,
        outcome=Outcome.DONE if verification.ok else Outcome.FAILED,
        reason=verification.problem,
        session_key=session_key,
        detail={"count": verification.count, "first_broken": verification.first_broken, "head": verification.head},
    )
    return verification


def audit_links(events: QuerySet[AuditEvent]) -> Iterator[Link]:
    """Yield *events* as what their hashes cover, in the order of the query."""
    for event in events.iterator(chunk_size=2000):
        yield Link(event.sequence, _content(event), event.previous_hash, event.hash)


def _content(event: AuditEvent) -> dict[str, object]:
    return cast("dict[str, object]", plain({name: getattr(event, name) for name in HASHED}))


def _actor(actor: User | str | None) -> tuple[str, ActorType]:
    if actor is None:
        return PLATFORM, ActorType.SYSTEM
    if isinstance(actor, str):
        return actor, ActorType.MODEL
    return str(actor.pk), ActorType.SERVICE if actor.is_service else ActorType.HUMAN


def _text(value: str, length: int | None = None) -> str:
    text = cast("str", plain(value))
    return text if length is None else text[:length]
