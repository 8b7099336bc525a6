"""A token for a user name and a password, with a lock after repeated failures."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.governance.engine.chain import Outcome
from apps.governance.errors import LockedOut, SignInRefused
from apps.governance.models import ApiToken, AuditEvent, User
from apps.governance.services.audit import audit_record
from apps.governance.services.tokens import token_issue

ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
ACTION = "token.sign_in"
KIND = "account"


def token_sign_in(
    *, username: str, password: str, name: str, scopes: Collection[str], lifetime: timedelta
) -> tuple[ApiToken, str]:
    """
    Issue a token to whoever knows the password; in transactions of its own, so that failures are counted.

    Attempts on one account wait for one another. The chain names the account by digest, since a mistyped user name
    may be a password.

    :raises LockedOut: five attempts failed in the last 15 minutes; the password is not looked at.
    :raises SignInRefused: name or password is wrong, or the account is closed or a machine's.
    :raises TokenInvalid: the token cannot be issued like this.
    """
    account = sha256_hex(username.strip().lower())
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {account}"])
        if _failures(account) >= ATTEMPTS:
            raise LockedOut("Too many failed attempts.", remedy="Try again in 15 minutes.")
        user = authenticate(username=username.strip(), password=password)
        if isinstance(user, User) and not user.is_service:
            issued = token_issue(user=user, name=name, scopes=scopes, lifetime=lifetime, issued_by=user)
            audit_record(action=ACTION, object_kind=KIND, object_id=account, actor=user)
            return issued
        audit_record(
            action=ACTION,
            object_kind=KIND,
            object_id=account,
            actor=None,
            outcome=Outcome.DENIED,
            reason="User name or password is wrong.",
        )
    raise SignInRefused("User name or password is wrong.", remedy="Check both and try again.")


def _failures(account: str) -> int:
    attempts = AuditEvent.objects.filter(object_kind=KIND, object_id=account, action=ACTION, at__gt=now() - WINDOW)
    newest_first = attempts.order_by("-sequence").values_list("outcome", flat=True)[:ATTEMPTS]
    count = 0
    for outcome in newest_first:
        if outcome != Outcome.DENIED.value:
            break
        count += 1
    return count
