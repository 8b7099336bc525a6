"""What governance itself keeps and for how long, and what in its tables names people."""

from __future__ import annotations

from collections.abc import Collection

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q

from apps.governance.gateways.backups import BackupFiles
from apps.governance.models import Absence, ApiToken, AuditOrigin, IdempotencyKey, User
from apps.governance.records import (
    DataClass,
    Days,
    Holds,
    PersonData,
    Rows,
    data_class_register,
    person_data_register,
    person_rows,
)

YEAR = 365


def _origins_held(holds: Holds) -> Q:
    people = Q(event__actor_id__in=[str(pk) for pk in holds.people])
    requests = Q(event__object_id__in=[str(key) for key in holds.requests])
    return people | requests | Q(event__scope__in=holds.scopes)


CLASSES = (
    DataClass(
        "audit",
        "Audit events, decisions, ballots, policies",
        "Never deleted: the database refuses it, whoever asks.",
        Days(7 * YEAR, YEAR, 100 * YEAR),
    ),
    DataClass(
        "audit_origins",
        "Addresses and browsers of audit events",
        "Deleted. The audit chain covers only their digest and stays whole.",
        Days(90, 31, 400),
        Rows(AuditOrigin.objects.all, "event__at", held=_origins_held),
        is_routine=True,
    ),
    DataClass(
        "sessions",
        "Sessions that have ended",
        "Deleted, counted from the day on which they ended.",
        Days(90, 1, 400),
        Rows(Session.objects.all, "expire_date"),
        is_routine=True,
    ),
    DataClass(
        "idempotency_keys",
        "Answers kept for repeated requests",
        "Deleted; a repetition that comes later is done again.",
        Days(1, 1, 30),
        Rows(IdempotencyKey.objects.all, "created_at", held=lambda holds: Q(user__in=holds.people)),
        is_routine=True,
    ),
    DataClass(
        "backups",
        "Backups in the configured folder",
        "Deleted. What was erased is gone from backups too once they are.",
        Days(35, 7, 400),
        BackupFiles(),
        is_routine=True,
    ),
)


def _sessions_of(people: Collection[int]) -> list[str]:
    keys = {str(pk) for pk in people}
    return [one.pk for one in Session.objects.iterator() if str(one.get_decoded().get("_auth_user_id", "")) in keys]


def _sessions_end(people: Collection[int]) -> int:
    return Session.objects.filter(pk__in=_sessions_of(people)).delete()[0]


def _log_of(people: Collection[int]) -> Q:
    accounts = ContentType.objects.get_for_model(User)
    return Q(content_type=accounts, object_id__in=[str(pk) for pk in people])


def _log_forget(people: Collection[int]) -> int:
    return LogEntry.objects.filter(_log_of(people)).update(object_repr="erased", change_message="")


PEOPLE = (
    PersonData("sessions", "Sessions, which end", lambda people: len(_sessions_of(people)), _sessions_end),
    person_rows("tokens", "API tokens, which end and go", ApiToken),
    person_rows("authenticators", "Authenticator apps and recovery codes", Authenticator),
    person_rows("single_sign_ons", "Connections to a single sign-on", SocialAccount),
    person_rows("addresses", "E-mail addresses kept for signing in", EmailAddress),
    person_rows("devices", "Devices and addresses of sessions", UserSession),
    person_rows("absences", "Days on which they were away", Absence),
    person_rows("repetitions", "Answers kept for repeated requests", IdempotencyKey),
    PersonData(
        "admin_log",
        "Entries of the admin site's log that name the account",
        lambda people: LogEntry.objects.filter(_log_of(people)).count(),
        _log_forget,
        ("admin.LogEntry.user",),
    ),
)


def own_records_register() -> None:
    """Offer all of it."""
    for data in CLASSES:
        data_class_register(data)
    for person in PEOPLE:
        person_data_register(person)
