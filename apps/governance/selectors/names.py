"""The names that people know accounts by now, put where accounts are kept by number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from apps.governance.engine.accounts import accounts_in, accounts_told
from apps.governance.models import AuditEvent, User
from apps.governance.selectors import display_name


def accounts_named(texts: Iterable[str]) -> Callable[[str], str]:
    """Return a function that puts names into *texts*, which name accounts by number; one query where they do."""
    accounts = {account for text in texts for account in accounts_in(text)}
    names = names_of(accounts)
    return lambda text: accounts_told(text, names)


def names_of(accounts: Collection[int]) -> dict[int, str]:
    """Return the names that people know *accounts* by now; one query, none for no account."""
    return {user.pk: display_name(user) for user in User.objects.filter(pk__in=accounts)} if accounts else {}


def actor_names(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Return the names of the accounts that acted in *events*, by actor id; one query."""
    ids = {int(event.actor_id) for event in events if event.actor_id.isdecimal()}
    return {str(account): name for account, name in names_of(ids).items()}
