"""Takes a flaky test out of the way for a time, in somebody's care."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import Conflict
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.quality.models import Quarantine, SuiteTest
from apps.quality.types import LONGEST_QUARANTINE_DAYS, InputInvalid


@transaction.atomic
def quarantine_set(*, test: SuiteTest, owner: User, reason: str, days: int, actor: User) -> Quarantine:
    """
    Put a test into ``owner``'s care for some days, with a reason. One that ended is followed by the new one.

    Its runs go on counting in every rate. The caller has decided that ``actor`` may do this.

    :raises InputInvalid: there is no reason, or it is for no day or more than ninety.
    :raises Conflict: the test is in quarantine.
    """
    words = " ".join(reason.split())
    if not words or len(words) > 500 or not 1 <= days <= LONGEST_QUARANTINE_DAYS:
        raise InputInvalid(
            f"A quarantine needs a reason of up to 500 characters and 1 to {LONGEST_QUARANTINE_DAYS} days.",
            remedy="Say what makes the test flaky and when it will be mended.",
        )
    SuiteTest.objects.select_for_update().get(pk=test.pk)
    at = now()
    open_one = Quarantine.objects.filter(test=test, lifted_at__isnull=True).first()
    if open_one is not None and open_one.ends_at > at:
        raise Conflict("This test is in quarantine already.", remedy="Lift that first, with what changed.")
    if open_one is not None:
        Quarantine.objects.filter(pk=open_one.pk).update(lifted_at=open_one.ends_at)
    made = Quarantine.objects.create(
        test=test, owner=owner, reason=words, ends_at=at + timedelta(days=days), set_by=actor
    )
    audit_record(
        action="quality.quarantine",
        object_kind="test",
        object_id=test.pk,
        actor=actor,
        scope=test.repository.scope,
        reason=words,
        detail={"test": test.name, "owner": owner.pk, "ends_at": made.ends_at.isoformat()},
    )
    return made


@transaction.atomic
def quarantine_lift(*, quarantine: Quarantine, actor: User) -> None:
    """
    End a quarantine before its day. The caller has decided that ``actor`` may do this.

    :raises Conflict: it has ended.
    """
    at = now()
    changed = Quarantine.objects.filter(pk=quarantine.pk, lifted_at__isnull=True, ends_at__gt=at).update(
        lifted_at=at, lifted_by=actor
    )
    if not changed:
        raise Conflict("This quarantine has ended.")
    audit_record(
        action="quality.quarantine_lift",
        object_kind="test",
        object_id=quarantine.test_id,
        actor=actor,
        scope=quarantine.test.repository.scope,
        detail={"test": quarantine.test.name},
    )
