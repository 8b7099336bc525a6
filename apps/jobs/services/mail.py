"""E-mail: one about what cannot wait, and a digest of the rest once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string

from apps.core.clock import now
from apps.core.errors import NofxError
from apps.governance.models import User
from apps.governance.selectors import display_name
from apps.jobs.models import Job, Notification
from apps.jobs.selectors.notifications import mail_is_configured, notifications_of
from apps.jobs.services.notifications import MAIL_JOB, MAIL_SUBJECT
from apps.jobs.types import Due

DIGEST_JOB = "notifications.digest"
DIGEST_SUBJECT = "digest"
DIGEST_LENGTH = 50
TRIED_AGAIN_AFTER = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(days=1)

State = Notification.MailState


class MailRefused(NofxError):
    """The mail server did not take an e-mail."""

    code = "mail.refused"


def notification_mail(*, notification_id: UUID) -> bool:
    """
    Send the e-mail that is due about one notification, and return whether one was sent.

    Nothing is sent about what was read meanwhile or may no longer be known. A repetition sends nothing; one that comes
    after a crash between sending and noting it sends the e-mail again.

    :raises MailRefused: the mail server did not take it.
    """
    due = Notification.objects.filter(pk=notification_id, mail_state=State.DUE).select_related("recipient").first()
    if due is None or not mail_is_configured():
        return False
    is_wanted = due.read_at is None and due.recipient.is_active and bool(due.recipient.email)
    if not is_wanted or not notifications_of(due.recipient).filter(pk=due.pk).exists():
        Notification.objects.filter(pk=due.pk, mail_state=State.DUE).update(mail_state=State.NONE)
        return False
    _send(due.recipient, due.title, "jobs/mail/notification.txt", [due])
    Notification.objects.filter(pk=due.pk, mail_state=State.DUE).update(mail_state=State.SENT, mailed_at=now())
    return True


def mails_due(at: datetime) -> list[Due]:
    """Return the e-mails that the server did not take; after a day of failures one becomes part of the digest."""
    if not mail_is_configured():
        return []
    due = Notification.objects.filter(mail_state=State.DUE)
    due.filter(changed_at__lt=at - GIVEN_UP_AFTER).update(mail_state=State.DIGEST)
    tried = Job.objects.filter(kind=MAIL_JOB, subject_kind=MAIL_SUBJECT, subject_id=OuterRef("pk")).filter(
        Q(finished_at=None) | Q(finished_at__gt=at - TRIED_AGAIN_AFTER)
    )
    left = due.exclude(Exists(tried)).values_list("pk", flat=True)[:DIGEST_LENGTH]
    return [Due(MAIL_SUBJECT, identity) for identity in left]


def digests_due(at: datetime) -> list[Due]:
    """Return the day of *at* once its hour has come, where anything is to be told and it was not asked for."""
    if not mail_is_configured() or at.hour < settings.NOFX_DIGEST_HOUR:
        return []
    identity = uuid5(NAMESPACE_URL, f"digest {at.date().isoformat()}")
    if Job.objects.filter(kind=DIGEST_JOB, subject_kind=DIGEST_SUBJECT, subject_id=identity).exists():
        return []
    return [Due(DIGEST_SUBJECT, identity)] if Notification.objects.filter(mail_state=State.DIGEST).exists() else []


def digests_send() -> int:
    """
    Send everybody their digest and return how many e-mails that were. A repetition goes on where it stopped.

    :raises MailRefused: the mail server did not take one; the others' are sent first.
    """
    if not mail_is_configured():
        return 0
    people = User.objects.filter(
        is_active=True, pk__in=Notification.objects.filter(mail_state=State.DIGEST).values("recipient")
    ).exclude(email="")
    refused: MailRefused | None = None
    sent = 0
    for person in people.order_by("pk"):
        try:
            sent += _digest_send(person)
        except MailRefused as error:
            refused = error
    if refused is not None:
        raise refused
    return sent


def _digest_send(person: User) -> bool:
    held = Notification.objects.filter(recipient=person, mail_state=State.DIGEST)
    readable = notifications_of(person).filter(mail_state=State.DIGEST, read_at=None).exclude(snoozed_until__gt=now())
    rows = list(readable.order_by("-changed_at", "id")[: DIGEST_LENGTH + 1])
    if rows:
        count = f"{DIGEST_LENGTH} and more" if len(rows) > DIGEST_LENGTH else str(len(rows))
        _send(person, f"Your digest: {count} new", "jobs/mail/digest.txt", rows[:DIGEST_LENGTH])
        held.filter(pk__in=readable.values("pk")).update(mail_state=State.SENT, mailed_at=now())
    # What was read meanwhile, and what they may no longer know of.
    held.exclude(read_at=None).update(mail_state=State.NONE)
    held.exclude(pk__in=notifications_of(person).values("pk")).update(mail_state=State.NONE)
    return bool(rows)


def _send(person: User, subject: str, template: str, rows: Sequence[Notification]) -> None:
    text = render_to_string(
        template, {"rows": rows, "name": display_name(person), "address": settings.NOFX_PUBLIC_URL.rstrip("/")}
    )
    try:
        send_mail(f"[NOFX] {subject}", text, settings.NOFX_MAIL_FROM, [person.email])
    except (SMTPException, OSError) as error:
        raise MailRefused(
            "The mail server did not take the e-mail.",
            remedy="Look at NOFX_MAIL_URL and at the log of the workers; it is tried again.",
        ) from error
