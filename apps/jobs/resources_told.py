"""Notifications and webhooks as API resources: a person's own, and those of the places that they administer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.selectors import can, scope_ids
from apps.governance.types import Action
from apps.jobs.models import (
    FeedPosition,
    Notification,
    NotificationChoice,
    NotificationMute,
    QueueBeat,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from apps.jobs.selectors.notifications import may_know


class NotificationResource(Resource):
    """Something that you were told."""

    noun = "notifications"
    prefix = "note"
    model = Notification
    permit = "requests:read"
    columns = {
        "id": "pk",
        "kind": "",
        "subject_kind": "",
        "subject_id": "",
        "scope": "",
        "title": "",
        "text": "",
        "url": "",
        "news": "",
        "created_at": "",
        "changed_at": "",
        "read_at": "",
        "snoozed_until": "",
    }
    references = {"scope": "scope"}
    filters = ("kind", "subject_kind", "subject_id")
    newest = "changed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's, and those about places that *user* may read no more."""
        return rows.filter(may_know(user), recipient=user)


class NotificationChoiceResource(Resource):
    """When you want e-mail about one kind of news."""

    noun = "notification-choices"
    prefix = "choice"
    model = NotificationChoice
    permit = "requests:read"
    columns = {"id": "pk", "kind": "", "mail": ""}
    filters = ("kind",)
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's."""
        return rows.filter(user=user)


class NotificationMuteResource(Resource):
    """A subject that you hear nothing more about."""

    noun = "notification-mutes"
    prefix = "mute"
    model = NotificationMute
    permit = "requests:read"
    columns = {"id": "pk", "subject_kind": "", "subject_id": "", "title": "", "created_at": ""}
    filters = ("subject_kind", "subject_id")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out other people's."""
        return rows.filter(user=user)


class FeedPositionResource(Resource):
    """How far the audit chain was told to people and other systems."""

    noun = "feed-positions"
    prefix = "feed"
    model = FeedPosition
    permit = "audit:read"
    columns = {"id": "pk", "name": "", "sequence": "", "moved_at": ""}
    newest: ClassVar[str | None] = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave everything out for those who administer no organisation."""
        return rows if can(user, Action.WEBHOOK_MANAGE, None) else rows.none()


class QueueBeatResource(FeedPositionResource):
    """A process of the queue, and when it last said that it lives."""

    noun = "queue-processes"
    prefix = "beat"
    model = QueueBeat
    permit = "requests:read"
    columns = {"id": "pk", "name": "", "workers": "", "started_at": "", "beat_at": ""}
    newest = "beat_at"


class WebhookResource(Resource):
    """An address that is told of events in a place that you administer."""

    noun = "webhooks"
    prefix = "hook"
    model = WebhookEndpoint
    permit = "webhooks:manage"
    columns = {
        "id": "pk",
        "scope": "",
        "name": "",
        "url": "",
        "events": "",
        "is_enabled": "",
        "created_by": "",
        "created_at": "",
        "failing_since": "",
        "disabled_at": "",
        "disabled_reason": "",
    }
    references = {"scope": "scope", "created_by": "user"}
    filters: ClassVar[Sequence[str]] = ("scope", "name", "is_enabled")
    place_path = "scope"

    @staticmethod
    def places(user: User) -> Sequence[Any]:
        """Return the keys of the scopes whose webhooks *user* manages."""
        return scope_ids(user, Action.WEBHOOK_MANAGE)


class WebhookSecretResource(WebhookResource):
    """That there is a secret, and how it ends; never the secret itself."""

    noun = "webhook-secrets"
    prefix = "hooksecret"
    model = WebhookSecret
    columns = {"id": "pk", "endpoint": "", "slot": "", "hint": "", "created_at": ""}
    references = {"endpoint": "hook"}
    filters = ("endpoint",)
    newest = None
    place_path = "endpoint__scope"


class WebhookDeliveryResource(WebhookResource):
    """One message to a webhook, exactly as it is signed and sent."""

    noun = "webhook-deliveries"
    prefix = "delivery"
    model = WebhookDelivery
    columns = {
        "id": "pk",
        "endpoint": "",
        "event": "",
        "body": "",
        "state": "",
        "attempts": "",
        "created_at": "",
        "next_attempt_at": "",
        "ended_at": "",
    }
    references = {"endpoint": "hook"}
    filters = ("endpoint", "event", "state")
    place_path = "endpoint__scope"


class WebhookAttemptResource(WebhookResource):
    """One try to deliver a message, and the beginning of what was answered."""

    noun = "webhook-attempts"
    prefix = "attempt"
    model = WebhookAttempt
    columns = {
        "id": "pk",
        "delivery": "",
        "number": "",
        "started_at": "",
        "duration_ms": "",
        "status": "",
        "answer": "",
        "problem": "",
    }
    references = {"delivery": "delivery"}
    filters = ("delivery",)
    newest = None
    place_path = "delivery__endpoint__scope"
