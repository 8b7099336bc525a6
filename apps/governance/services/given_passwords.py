"""After a password that an administrator gave: who says that the one chosen with it is its person's own."""

from __future__ import annotations

from django.db import transaction

from apps.core.clock import now
from apps.governance.errors import Denial, NotAllowed, NotEligible
from apps.governance.models import User
from apps.governance.selectors import accounts_of
from apps.governance.services.audit import audit_record


@transaction.atomic
def own_password_confirm(*, user: User, actor: User, session_key: str = "") -> None:
    """
    Say that *user* chose their password themselves, so that they vote at once. Where nothing waits, nothing happens.

    :raises NotAllowed: the actor does not administer the platform.
    :raises NotEligible: the actor gave the password, or it is their own account; or nobody knows who gave it.
    """
    account = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    denial = Denial("own_password.confirm", "user", str(user.pk))
    if not actor.is_superuser or not actor.is_active or actor.is_service:
        raise NotAllowed("Only an administrator confirms whose password it is.", denial=denial)
    if not account_waits(account):
        return
    if account.password_given_by_id is None or {account.password_given_by_id, account.pk} & set(accounts_of(actor)):
        raise NotEligible(
            "Another administrator confirms it than whoever gave the password, and nobody confirms their own.",
            remedy="Without one, the account votes a day after its password was chosen.",
            denial=denial,
        )
    account.votes_confirmed_by = actor
    account.save(update_fields=["votes_confirmed_by"])
    audit_record(
        action="own_password.confirm", object_kind="user", object_id=user.pk, actor=actor, session_key=session_key
    )


def account_waits(account: User) -> bool:
    """Return whether *account* casts no ballot yet since its own password was chosen with a given one."""
    starts_at = account.votes_from
    return starts_at is not None and starts_at > now() and account.votes_confirmed_by_id is None
