"""Verify the audit chain, and note its head where the database does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from apps.core.clock import now
from apps.core.errors import Conflict
from apps.governance.engine.anchors import FIRST, Anchor, anchors_problem
from apps.governance.engine.chain import (
    CHAIN_ID,
    CHAIN_KIND,
    GENESIS,
    AuditVerification,
    Link,
    Outcome,
    origin_digest,
    verify,
)
from apps.governance.gateways.anchors import anchor_write, anchors_load
from apps.governance.models import AuditEvent, User, entry_content
from apps.governance.services.audit import audit_record

# The database lets nobody remove an origin sooner (migration 0011).
ORIGINS_KEPT = timedelta(days=30)
ANCHOR_ID = "anchor"


class ChainBroken(Conflict):
    """The chain does not hold, so its head is not noted as if it did."""

    code = "audit.broken"


def audit_verify() -> AuditVerification:
    """
    Read the whole chain, recompute every hash and compare it with its anchors; about 20,000 entries a second.

    It changes nothing.
    """
    anchors, problem = anchors_load()
    problem = problem or anchors_problem(anchors)
    found = verify(_links(), anchors)
    if found.ok and problem:
        return replace(found, ok=False, problem=problem)
    return replace(found, notice=_missing_anchor({anchor.digest for anchor in anchors}))


@transaction.atomic
def audit_check(*, actor: User | None, session_key: str = "") -> AuditVerification:
    """Verify the whole chain and append what was found, so that the next reader sees when it was last sound."""
    verification = audit_verify()
    audit_record(
        action="audit.verify",
        object_kind=CHAIN_KIND,
        object_id=CHAIN_ID,
        actor=actor,
        outcome=Outcome.DONE if verification.ok else Outcome.FAILED,
        reason=verification.problem or verification.notice,
        session_key=session_key,
        detail={
            "count": verification.count,
            "first_broken": verification.first_broken,
            "head": verification.head,
            "anchors": verification.anchors,
        },
    )
    return verification


@transaction.atomic
def audit_anchor(*, actor: User | None = None) -> Anchor | None:
    """
    Note today's head of the chain in a file outside the database; None when today has its anchor.

    The file is written first: an anchor that the chain does not know of does no harm, the reverse would.

    :raises ChainBroken: the chain does not hold.
    :raises AnchorsUnwritable: the folder cannot be written to.
    """
    anchors, unreadable = anchors_load()
    today = now().date()
    if anchors and anchors[-1].day >= today:
        return None
    if unreadable or not (found := verify(_links(), anchors)).ok:
        raise ChainBroken(
            unreadable or found.problem, remedy="Verify the chain; docs/records.md says what to do when it is broken."
        )
    anchor = Anchor(today, found.count, found.head, anchors[-1].digest if anchors else FIRST)
    if not anchor_write(anchor):
        return None
    audit_record(
        action="audit.anchor",
        object_kind=CHAIN_KIND,
        object_id=ANCHOR_ID,
        actor=actor,
        after_digest=anchor.digest,
        detail={"date": anchor.day, "sequence": anchor.sequence, "head": anchor.head},
    )
    return anchor


def chain_head() -> tuple[int, str]:
    """Return number and hash of the newest entry; 0 and the genesis hash of an empty chain."""
    newest = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return newest or (0, GENESIS)


def _missing_anchor(digests: set[str]) -> str:
    """Return that the newest anchor which the chain names is not in the folder, as a sentence; empty when it is."""
    noted = AuditEvent.objects.filter(object_kind=CHAIN_KIND, object_id=ANCHOR_ID).order_by("-sequence").first()
    if noted is None or noted.after_digest in digests:
        return ""
    return f"The anchor of {noted.detail.get('date')} is not in this machine's folder of anchors."


def audit_links(events: QuerySet[AuditEvent]) -> Iterator[Link]:
    """Yield *events* as what their hashes cover, with where they came from, in the order of the query."""
    due_from = now() - ORIGINS_KEPT
    for event in events.select_related("origin").iterator(chunk_size=2000):
        beside = getattr(event, "origin", None)
        yield Link(
            event.sequence,
            entry_content(event),
            event.previous_hash,
            event.hash,
            origin_digest(beside.salt, beside.ip, beside.user_agent) if beside else None,
            event.at > due_from,
        )


def _links() -> Iterator[Link]:
    return audit_links(AuditEvent.objects.order_by("sequence"))
