"""What of deliveries is kept and for how long, and what names people in the tables of jobs."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.records import (
    DataClass,
    Days,
    PersonData,
    Rows,
    data_class_register,
    person_data_register,
    person_rows,
)
from apps.jobs.models import Notification, NotificationChoice, NotificationMute, WebhookDelivery, WebhookEndpoint
from apps.jobs.types import switched_off_by


def _disabled_by(people: Collection[int]) -> QuerySet[WebhookEndpoint]:
    names = User.objects.filter(pk__in=people).values_list("username", flat=True)
    reasons = [switched_off_by(name) for name in names]
    return WebhookEndpoint.objects.filter(disabled_reason__in=reasons)


PEOPLE = (
    person_rows("notifications", "What they were told", Notification, "recipient"),
    person_rows("notification_choices", "What they want to be told by e-mail", NotificationChoice),
    person_rows("notification_mutes", "What they want to hear nothing about", NotificationMute),
    PersonData(
        "webhooks",
        "Webhooks that say who switched them off",
        lambda people: _disabled_by(people).count(),
        lambda people: _disabled_by(people).update(disabled_reason="By somebody who was erased."),
    ),
)


def own_records_register() -> None:
    """Offer all of it."""
    data_class_register(
        DataClass(
            "webhook_deliveries",
            "Deliveries of webhooks",
            "Deleted with their attempts, counted from the day on which they ended.",
            Days(30, 1, 365),
            Rows(WebhookDelivery.objects.all, "ended_at"),
            is_routine=True,
        )
    )
    for person in PEOPLE:
        person_data_register(person)
