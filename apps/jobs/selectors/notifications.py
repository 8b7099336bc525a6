"""What a person was told, as far as they may still know it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.jobs.engine.notices import Kind, Wish, default_wish
from apps.jobs.models import Notification, NotificationChoice, NotificationMute

MOST_COUNTED = 100


def mail_is_configured() -> bool:
    """Return whether e-mail can be sent at all."""
    return bool(settings.NOFX_MAIL_FROM)


def may_know(user: User) -> Q:
    """Return the condition that a notification is about a place that *user* may read today, or about none."""
    return Q(scope=None) | Q(scope__in=readable_scopes(user).values("pk"))


def notifications_of(user: User) -> QuerySet[Notification]:
    """Return what *user* was told about places that they may read today; lazy, in no order."""
    return Notification.objects.filter(may_know(user), recipient=user)


def inbox(user: User, *, show: str = "open") -> QuerySet[Notification]:
    """
    Return the notifications of *user*: ``open`` (unread and not put off), ``snoozed``, or ``all``.

    :raises KeyError: *show* is another word.
    """
    later = Q(snoozed_until__gt=now())
    wanted = {"open": Q(read_at=None) & ~later, "snoozed": later, "all": Q()}[show]
    return notifications_of(user).filter(wanted).select_related("scope__organisation")


def unread_count(user: User) -> int:
    """Return how many wait to be read, at most 100; one query."""
    return (
        notifications_of(user)
        .filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now()), read_at=None)[:MOST_COUNTED]
        .count()
    )


def notification_get(*, user: User, notification_id: UUID) -> Notification:
    """
    Return one notification of *user*.

    :raises NotFound: they have none with this id.
    """
    found = notifications_of(user).filter(pk=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification of yours.")
    return found


def mail_choices(user: User) -> dict[Kind, Wish]:
    """Return when *user* wants e-mail about each kind of news; one query."""
    chosen = dict(NotificationChoice.objects.filter(user=user).values_list("kind", "mail"))
    return {kind: Wish(chosen.get(kind.value, default_wish(kind).value)) for kind in Kind}


def mutes_of(user: User) -> QuerySet[NotificationMute]:
    """Return the subjects that *user* hears nothing more about, newest first."""
    return NotificationMute.objects.filter(user=user).order_by("-created_at", "id")
