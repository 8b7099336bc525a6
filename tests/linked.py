"""Accounts that two people signed to be one person's."""

from __future__ import annotations

from uuid import uuid4

from apps.core.clock import now
from apps.governance.models import AccountLink, User


def linked(first: User, *others: User) -> None:
    """Let *others* turn out to be accounts of the person behind *first*, as the second signature does."""
    signers = [User.objects.create(username=f"{name}-{uuid4().hex[:12]}") for name in ("asks", "signs")]
    for other in others:
        link = AccountLink.objects.create(account=other, other=first, reason="r", asked_by=signers[0])
        AccountLink.objects.filter(pk=link.pk).update(confirmed_by=signers[1], confirmed_at=now())
    for account in (first, *others):
        account.refresh_from_db(fields=["person_key"])
