"""Telling people: one row for each person and subject, an e-mail where they want one, and no floods."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import Scope, User
from apps.jobs.engine.notices import Kind, MailState, Wish, default_wish, mail_after
from apps.jobs.models import Notification, NotificationChoice, NotificationMute
from apps.jobs.selectors.notifications import mail_is_configured, notification_get
from apps.jobs.services.queue import job_enqueue

MAIL_JOB = "notifications.mail"
MAIL_SUBJECT = "notification"
LONGEST_SNOOZE = timedelta(days=30)


@dataclass(frozen=True)
class Notice:
    """News about one subject for some people. Title and text are sentences without code, secrets or reasons given."""

    kind: Kind
    subject_kind: str
    subject_id: str
    title: str
    recipients: Collection[int]
    text: str = ""
    url: str = ""
    scope: Scope | None = field(default=None)


@transaction.atomic
def people_notify(notice: Notice) -> int:
    """
    Tell the recipients of *notice* who did not mute its subject, and return how many that were.

    Whoever knows of the subject already has the news put in place of the old, unread again.
    """
    subject = {"subject_kind": notice.subject_kind, "subject_id": notice.subject_id}
    muted = NotificationMute.objects.filter(**subject, user__in=notice.recipients).values_list("user", flat=True)
    recipients = set(notice.recipients) - set(muted)
    people = User.objects.filter(pk__in=recipients, is_active=True, is_service=False).order_by("pk")
    wishes = _wishes(recipients, notice.kind)
    told = list(people)
    for person in told:
        _tell(person, notice, subject, wishes.get(person.pk, default_wish(notice.kind)))
    return len(told)


def _wishes(people: Collection[int], kind: Kind) -> dict[int, Wish]:
    chosen = NotificationChoice.objects.filter(user__in=people, kind=kind.value).values_list("user", "mail")
    return {user: Wish(mail) for user, mail in chosen}


def _tell(person: User, notice: Notice, subject: dict[str, str], wish: Wish) -> None:
    news: dict[str, Any] = {
        "kind": notice.kind.value,
        "scope": notice.scope,
        "title": " ".join(notice.title.split())[:200],
        "text": " ".join(notice.text.split())[:400],
        "url": notice.url,
    }
    row, is_new = Notification.objects.select_for_update(of=("self",)).get_or_create(
        recipient=person, **subject, defaults=news
    )
    state = MailState.NONE
    if person.email and mail_is_configured():
        state = mail_after(
            held=MailState(row.mail_state),
            held_kind=None if is_new else Kind(row.kind),
            was_read=row.read_at is not None,
            kind=notice.kind,
            wish=wish,
        )
    changes = {**news, "mail_state": state.value}
    if not is_new:
        changes |= {"news": F("news") + 1, "changed_at": now(), "read_at": None, "snoozed_until": None}
    Notification.objects.filter(pk=row.pk).update(**changes)
    if state is MailState.DUE:
        job_enqueue(kind=MAIL_JOB, subject_kind=MAIL_SUBJECT, subject_id=row.pk, requested_by=None)


def notifications_settle(
    *,
    subject_kind: str,
    subject_id: str,
    people: Collection[int] | None = None,
    kinds: Collection[Kind] = (Kind.YOUR_TURN,),
) -> None:
    """Mark what waited for *people*, or for everybody, about a subject as read: somebody did it, or it is over."""
    waiting = Notification.objects.filter(
        subject_kind=subject_kind, subject_id=subject_id, kind__in=[kind.value for kind in kinds], read_at=None
    )
    if people is not None:
        waiting = waiting.filter(recipient__in=people)
    waiting.update(read_at=now(), mail_state=MailState.NONE.value)


def notification_read(*, user: User, notification_id: UUID, is_read: bool = True) -> Notification:
    """
    Mark one as read, or as unread.

    :raises NotFound: *user* has no such notification.
    """
    found = notification_get(user=user, notification_id=notification_id)
    found.read_at = (found.read_at or now()) if is_read else None
    found.save(update_fields=["read_at"])
    return found


def notifications_read_all(*, user: User) -> int:
    """Mark all of a person's as read and return how many were not."""
    return Notification.objects.filter(recipient=user, read_at=None).update(read_at=now())


def notification_snooze(*, user: User, notification_id: UUID, until: datetime) -> Notification:
    """
    Hide one until a time, at most 30 days from now; news about it brings it back at once.

    :raises NotFound: *user* has no such notification.
    """
    found = notification_get(user=user, notification_id=notification_id)
    found.snoozed_until = min(until, now() + LONGEST_SNOOZE)
    found.save(update_fields=["snoozed_until"])
    return found


@transaction.atomic
def subject_mute(*, user: User, notification_id: UUID) -> NotificationMute:
    """
    Tell *user* nothing more about the subject of one of their notifications, which counts as read.

    :raises NotFound: *user* has no such notification.
    """
    found = notification_read(user=user, notification_id=notification_id)
    mute, _ = NotificationMute.objects.get_or_create(
        user=user,
        subject_kind=found.subject_kind,
        subject_id=found.subject_id,
        defaults={"title": found.title},
    )
    return mute


def subject_unmute(*, user: User, mute_id: int) -> None:
    """
    Tell *user* about a subject again.

    :raises NotFound: *user* muted no such subject.
    """
    if not NotificationMute.objects.filter(user=user, pk=mute_id).delete()[0]:
        raise NotFound("You muted no such thing.")


@transaction.atomic
def notification_choices_save(*, user: User, choices: dict[Kind, Wish]) -> None:
    """Keep when *user* wants e-mail about each kind of news."""
    for kind, wish in choices.items():
        NotificationChoice.objects.update_or_create(user=user, kind=kind.value, defaults={"mail": wish.value})
