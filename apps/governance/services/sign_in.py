"""Passwords and codes are looked at here, and counted: at the page, for a token, and when somebody signs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.governance.engine.chain import Outcome
from apps.governance.engine.lockout import FROM_EVERYWHERE, WINDOW, Attempt, locked_until
from apps.governance.errors import CodeNeeded, LockedOut, PasswordGiven, SecondFactorMissing, SignInRefused
from apps.governance.models import ApiToken, AuditEvent, User
from apps.governance.services.audit import audit_record
from apps.governance.services.second_factor import code_matches, has_second_factor, needs_second_factor
from apps.governance.services.tokens import token_issue

KIND = "account"
FAILED, LOCKED = "sign_in.failed", "sign_in.locked"
# What lets somebody in, and so ends the count of failures.
SIGNED_IN, CONFIRMED, TOKEN = "sign_in.done", "sign_in.confirmed", "token.sign_in"
KNOWN_TO_ANOTHER = "An administrator gave you this password, and knows it."
WRONG = "User name or password is wrong."
# Failures and successes within the window that are read; an account that is locked takes no more.
MOST_READ = 4 * FROM_EVERYWHERE


def account_digest(username: str) -> str:
    """Return what the chain calls an account by, since a mistyped user name may be a password."""
    return sha256_hex(username.strip().lower())


def password_check(*, username: str, password: str, address: str, channel: str) -> User:
    """
    Return whose password this is; in a transaction of its own, so that failures are counted.

    Attempts on one account wait for one another.

    :raises LockedOut: too many attempts failed; the password is not looked at.
    :raises SignInRefused: name or password is wrong, or the account is closed or a machine's.
    """

    def look() -> User | None:
        user = authenticate(username=username.strip(), password=password)
        return user if isinstance(user, User) and not user.is_service else None

    return _counted(username, address, channel, WRONG, "Check both and try again.", look)


def code_check(*, user: User, code: str, address: str, channel: str) -> None:
    """
    Let the code of an authenticator app, or a recovery code, of *user* pass, once.

    :raises LockedOut: too many attempts failed; the code is not looked at.
    :raises SignInRefused: the code is wrong, or was used before.
    """
    _counted(
        user.get_username(),
        address,
        channel,
        "This code is wrong, or was used before.",
        "Wait for the next one, or take a recovery code.",
        lambda: user if code_matches(user=user, code=code) else None,
    )


@transaction.atomic
def signed_in_record(*, user: User, address: str, session_key: str, method: str) -> None:
    """Append that *user* is in; their failures from *address* no longer count."""
    _record(SIGNED_IN, user.get_username(), address, user=user, session_key=session_key, method=method)


@transaction.atomic
def confirmed_record(*, user: User, address: str, session_key: str, method: str) -> None:
    """Append that *user* has shown again that it is them."""
    _record(CONFIRMED, user.get_username(), address, user=user, session_key=session_key, method=method)


@transaction.atomic
def signed_out_record(*, user: User, session_key: str) -> None:
    """Append that *user* left."""
    audit_record(
        action="sign_in.ended",
        object_kind=KIND,
        object_id=account_digest(user.get_username()),
        actor=user,
        session_key=session_key,
    )


@transaction.atomic
def sign_on_refused_record(*, provider: str, address: str, reason: str) -> None:
    """Append that a single sign-on brought nobody in."""
    audit_record(
        action=FAILED,
        object_kind="sign_on",
        object_id=provider,
        actor=None,
        outcome=Outcome.DENIED,
        reason=reason,
        detail={"channel": "sign_on", "address": _address_digest(address)},
    )


def token_sign_in(
    *,
    username: str,
    password: str,
    name: str,
    scopes: Collection[str],
    lifetime: timedelta,
    code: str = "",
    address: str = "",
) -> tuple[ApiToken, str]:
    """
    Issue a token to whoever knows the password and, where the account has an authenticator app, its code.

    :raises LockedOut: too many attempts failed.
    :raises SignInRefused: name, password or code is wrong, or the account is closed or a machine's.
    :raises CodeNeeded: the account has an authenticator app, and no code came.
    :raises PasswordGiven: somebody else chose the password.
    :raises SecondFactorMissing: the account needs an authenticator app and has none yet.
    :raises TokenInvalid: the token cannot be issued like this.
    """
    user = password_check(username=username, password=password, address=address, channel="token")
    if user.is_password_given:
        raise PasswordGiven(KNOWN_TO_ANOTHER, remedy="Sign in at the page and choose your own first.")
    if has_second_factor(user):
        if not code:
            raise CodeNeeded("This account has an authenticator app.", remedy="Send its code with the password.")
        code_check(user=user, code=code, address=address, channel="token")
    elif needs_second_factor(user):
        raise SecondFactorMissing(
            "Your role needs an authenticator app.", remedy="Sign in at the page and set it up first."
        )
    with transaction.atomic():
        issued = token_issue(user=user, name=name, scopes=scopes, lifetime=lifetime, issued_by=user)
        _record(TOKEN, username, address, user=user)
    return issued


def _counted(
    username: str, address: str, channel: str, wrong: str, remedy: str, look: Callable[[], User | None]
) -> User:
    account = account_digest(username)
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {account}"])
        _refuse_locked(account, address)
        user = look()
        if user is not None:
            return user
        _record(FAILED, username, address, reason=wrong, channel=channel)
        if _locked_until(account, address):
            _record(LOCKED, username, address, reason="Too many failed attempts.", channel=channel)
    raise SignInRefused(wrong, remedy=remedy)


def _refuse_locked(account: str, address: str) -> None:
    until = _locked_until(account, address)
    if until is None:
        return
    minutes = max(1, -int((now() - until).total_seconds() // 60))
    raise LockedOut(
        "Too many failed attempts.",
        remedy=f"Try again in {minutes} minute{'' if minutes == 1 else 's'}. "
        "An administrator can give you a new password meanwhile.",
    )


def _locked_until(account: str, address: str) -> datetime | None:
    return locked_until(_attempts(account), address=_address_digest(address), now=now())


def _attempts(account: str) -> list[Attempt]:
    events = AuditEvent.objects.filter(
        object_kind=KIND,
        object_id=account,
        action__in=(FAILED, SIGNED_IN, CONFIRMED, TOKEN),
        at__gt=now() - WINDOW,
    )
    rows = events.order_by("-sequence").values_list("at", "detail", "outcome")[:MOST_READ]
    return [Attempt(at, str(detail.get("address", "")), outcome == Outcome.DONE.value) for at, detail, outcome in rows]


def _address_digest(address: str) -> str:
    """Return what stands for *address* in the chain: the same for the same one, and not to be read back."""
    return salted_hmac("nofx.sign_in.address", address, algorithm="sha256").hexdigest() if address else ""


def _record(
    action: str,
    username: str,
    address: str,
    *,
    user: User | None = None,
    reason: str = "",
    session_key: str = "",
    **detail: str,
) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=account_digest(username),
        actor=user,
        outcome=Outcome.DONE if user else Outcome.DENIED,
        reason=reason,
        session_key=session_key,
        detail={"address": _address_digest(address), **detail},
    )
