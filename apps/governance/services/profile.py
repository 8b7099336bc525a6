"""What people change about themselves: name, password, absence, and where they are signed in."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.errors import AbsenceInvalid
from apps.governance.models import Absence, User
from apps.governance.services.audit import audit_record

LONGEST_ABSENCE_DAYS = 366


@transaction.atomic
def profile_change(*, user: User, first_name: str, last_name: str, email: str) -> list[str]:
    """Change what *user* is called and written to; return the names of what changed. The chain keeps no values."""
    given = {"first_name": first_name.strip(), "last_name": last_name.strip(), "email": email.strip()}
    account = User.objects.select_for_update().get(pk=user.pk)
    changed = [name for name, value in given.items() if getattr(account, name) != value]
    for name in changed:
        setattr(account, name, given[name])
    if changed:
        account.save(update_fields=changed)
        audit_record(
            action="person.change", object_kind="user", object_id=user.pk, actor=user, detail={"fields": changed}
        )
    return changed


@transaction.atomic
def password_change(*, user: User, password: str, session_key: str = "") -> None:
    """
    Give *user* another password, which ends every session with the old one. The form has seen that it is good.

    In place of a given one it makes their ballots wait for a day, or until another administrator confirms it.
    """
    was_given = user.is_password_given
    user.set_password(password)
    user.is_password_given = False
    user.save(update_fields=["password", "is_password_given"])
    audit_record(
        action="person.password",
        object_kind="user",
        object_id=user.pk,
        actor=user,
        session_key=session_key,
        detail={"was_given": True} if was_given else {},
    )


@transaction.atomic
def absence_declare(*, user: User, starts_on: date, ends_on: date) -> Absence:
    """
    Say that *user* is away on these days, the last one included.

    :raises AbsenceInvalid: it ends before it starts, is past, or lasts more than a year.
    """
    if ends_on < starts_on or ends_on < now().date():
        raise AbsenceInvalid("The last day is today or later, and not before the first one.")
    if (ends_on - starts_on).days > LONGEST_ABSENCE_DAYS:
        raise AbsenceInvalid("An absence lasts for up to a year.", remedy="An administrator closes an account.")
    absence = Absence.objects.create(user=user, starts_on=starts_on, ends_on=ends_on)
    absence.refresh_from_db()
    audit_record(
        action="absence.declare",
        object_kind="user",
        object_id=user.pk,
        actor=user,
        detail={"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()},
    )
    return absence


@transaction.atomic
def absence_withdraw(*, absence_id: UUID, user: User) -> None:
    """
    Take an absence back.

    :raises NotFound: there is none of *user*'s.
    """
    absence = Absence.objects.select_for_update().filter(pk=absence_id, user=user).first()
    if absence is None:
        raise NotFound("There is no such absence.")
    absence.delete()
    audit_record(
        action="absence.withdraw",
        object_kind="user",
        object_id=user.pk,
        actor=user,
        detail={"starts_on": absence.starts_on.isoformat(), "ends_on": absence.ends_on.isoformat()},
    )


@transaction.atomic
def sessions_end(*, user: User, session_key: str, only: int | None = None) -> int:
    """End the other sessions of *user*, or *only* that one of them; return how many ended."""
    others = UserSession.objects.select_for_update().filter(user=user).exclude(session_key=session_key)
    chosen = list(others if only is None else others.filter(pk=only))
    for session in chosen:
        session.end()
    if chosen:
        audit_record(
            action="session.end",
            object_kind="user",
            object_id=user.pk,
            actor=user,
            session_key=session_key,
            detail={"count": len(chosen)},
        )
    return len(chosen)
