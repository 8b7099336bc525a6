"""Authenticator apps and recovery codes: whose they are, who needs one, and using a code once."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import transaction

from apps.core.clock import now
from apps.governance.engine.permissions import Role
from apps.governance.engine.totp import matching_step, tidy
from apps.governance.errors import SecondFactorInvalid
from apps.governance.models import RoleAssignment, User
from apps.governance.services.audit import audit_record

PRIVILEGED = [role.value for role in (Role.ADMIN, Role.CHAIR, Role.COMMITTEE)]


def has_second_factor(user: User) -> bool:
    """Return whether *user* has an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def needs_second_factor(user: User) -> bool:
    """Return whether the installation asks *user* for an authenticator app. At most one query."""
    if settings.NOFX_REQUIRE_TOTP == "none" or user.is_service:
        return False
    if settings.NOFX_REQUIRE_TOTP == "all" or user.is_superuser:
        return True
    return RoleAssignment.objects.filter(user=user, role__in=PRIVILEGED).exists()


@transaction.atomic
def code_matches(*, user: User, code: str) -> bool:
    """
    Return whether *code* is the app's or an unused recovery code of *user*; if so it is used up.

    The row of the app is locked, so that of two who show the same code at once one is let in.
    """
    typed = tidy(code)
    if not typed:
        return False
    app = Authenticator.objects.select_for_update().filter(user=user, type=Authenticator.Type.TOTP).first()
    if app is None:
        return False
    secret = get_adapter().decrypt(app.data["secret"])
    step = matching_step(secret, typed, now(), after=app.data.get("used_step", -1))
    if step is not None:
        app.data["used_step"] = step
        app.last_used_at = now()
        app.save(update_fields=["data", "last_used_at"])
        return True
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if codes is None or not RecoveryCodes(codes).validate_code(typed):
        return False
    audit_record(action="second_factor.recovery", object_kind="user", object_id=user.pk, actor=user)
    return True


@transaction.atomic
def second_factor_add(*, user: User, secret: str, code: str) -> list[str]:
    """
    Begin to ask *user* for the codes of the app that knows *secret*, and return their recovery codes.

    :raises SecondFactorInvalid: *code* is not the app's, or there is an app already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if has_second_factor(user):
        raise SecondFactorInvalid("There is an authenticator app already.", remedy="Remove it first.")
    step = matching_step(secret, tidy(code), now())
    if step is None:
        raise SecondFactorInvalid(
            "This is not the code that the app shows now.",
            remedy="Check that the clock of your phone is right, and type the next code.",
        )
    app = TOTP.activate(user, secret).instance
    app.data["used_step"] = step
    app.save(update_fields=["data"])
    codes = _new_codes(user)
    audit_record(action="second_factor.add", object_kind="user", object_id=user.pk, actor=user)
    return codes


@transaction.atomic
def second_factor_remove(*, user: User, removed_by: User) -> None:
    """Ask *user* for no codes any more. Where their role needs an app they set up another before anything else."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        audit_record(action="second_factor.remove", object_kind="user", object_id=user.pk, actor=removed_by)


@transaction.atomic
def recovery_codes_renew(*, user: User) -> list[str]:
    """
    Return new recovery codes; the old ones are good for nothing.

    :raises SecondFactorInvalid: there is no app.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if not has_second_factor(user):
        raise SecondFactorInvalid("Recovery codes come with an authenticator app.", remedy="Set one up first.")
    codes = _new_codes(user)
    audit_record(action="second_factor.renew_codes", object_kind="user", object_id=user.pk, actor=user)
    return codes


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes *user* has left."""
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(codes).get_unused_codes()) if codes else 0


def _new_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    return RecoveryCodes.activate(user).get_unused_codes()
