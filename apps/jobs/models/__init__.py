"""The ledger of jobs, and what people and other systems are told."""

from apps.jobs.models.beats import QueueBeat
from apps.jobs.models.ledger import Job, JobEvent
from apps.jobs.models.notifications import (
    FeedPosition,
    Kind,
    Mail,
    Notification,
    NotificationChoice,
    NotificationMute,
)
from apps.jobs.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret

__all__ = [
    "FeedPosition",
    "Job",
    "JobEvent",
    "Kind",
    "Mail",
    "Notification",
    "NotificationChoice",
    "NotificationMute",
    "QueueBeat",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSecret",
]
