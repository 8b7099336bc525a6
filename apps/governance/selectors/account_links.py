"""Which accounts are one person's, shaped for the page on which two people sign for it."""

from __future__ import annotations

from datetime import datetime

from apps.governance.models import AccountLink, User
from apps.governance.selectors import accounts_of
from apps.governance.selectors.roles import conflict_among

SHOWN = 50


def links_listed() -> list[AccountLink]:
    """Return the newest links."""
    links = AccountLink.objects.select_related("account", "other", "asked_by", "confirmed_by", "withdrawn_by")
    return list(links.order_by("-asked_at", "id")[:SHOWN])


def link_refused(account: User, other: User | None) -> str:
    """Return why *account* cannot be the same person's as *other*, or nobody else's, as a sentence; else nothing."""
    theirs = accounts_of(account)
    if other is None:
        return "" if account.person_key else "This account is nobody else's already."
    if other.pk in theirs:
        return "These accounts are one person's already."
    if account.is_service or other.is_service:
        return "A machine's account is nobody's second account."
    if account.person_key and other.person_key:
        return "A single sign-on, or another link, says of each whose it is. Part one of them first."
    return conflict_among({*theirs, *accounts_of(other)})


def was_parted(user: User, *, since: datetime) -> bool:
    """Return whether two people signed *since* then that the account of *user* is nobody else's any more; one query."""
    return AccountLink.objects.filter(account=user, other=None, confirmed_at__gte=since).exists()
