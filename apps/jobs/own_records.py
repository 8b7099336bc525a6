"""What of deliveries is kept, and for how long."""

from __future__ import annotations

from apps.governance.records import DataClass, Days, Rows, data_class_register
from apps.jobs.models import WebhookDelivery


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
