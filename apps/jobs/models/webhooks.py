"""Other systems that are told what happens, and what became of each message."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.governance.models import Scope


class WebhookEndpoint(models.Model):
    """An address that is told of events in one scope; for an organisation, of those in all its repositories."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="webhooks")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=400)
    events = models.JSONField(default=list, help_text="Names of events, for example request.merged.")
    is_enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())
    failing_since = models.DateTimeField(null=True, help_text="Since when every attempt failed.")
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "name"], name="jobs_webhookendpoint_once"),
            models.CheckConstraint(
                condition=Q(is_enabled=True) | Q(disabled_at__isnull=False), name="jobs_webhookendpoint_disabled_when"
            ),
        ]
        indexes = [
            # The newest endpoints, on their page, in the admin site and in the API.
            models.Index(fields=["-created_at", "id"], name="jobs_webhookendpoint_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookSecret(models.Model):
    """
    A secret that messages are signed with, sealed with a key that the database does not hold.

    An endpoint has two at most, so that the receiver can change over: the current one and the one before it.
    """

    class Slot(models.TextChoices):
        CURRENT = "current", "Current"
        PREVIOUS = "previous", "Previous"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    slot = models.CharField(max_length=8, choices=Slot)
    sealed = models.TextField(editable=False)
    hint = models.CharField(max_length=12, help_text="How it ends.")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "slot"], name="jobs_webhooksecret_two_at_most"),
            models.CheckConstraint(condition=Q(slot__in=["current", "previous"]), name="jobs_webhooksecret_slot_known"),
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"


class WebhookDelivery(models.Model):
    """One message to one endpoint. Its id goes with every attempt, so that a receiver can tell repetitions."""

    class State(models.TextChoices):
        DUE = "due", "To be sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=60)
    body = models.TextField(help_text="Exactly what is signed and sent.")
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=transaction_time())
    first_attempt_at = models.DateTimeField(null=True, help_text="When the retries of 24 hours began.")
    next_attempt_at = models.DateTimeField(null=True, db_default=transaction_time())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="due") | Q(next_attempt_at__isnull=False), name="jobs_webhookdelivery_due_when"
            ),
        ]
        indexes = [
            # What is to be sent by now, for the sweep.
            models.Index(fields=["next_attempt_at"], condition=Q(state="due"), name="jobs_webhookdelivery_due"),
            # The log of one endpoint, newest first.
            models.Index(fields=["endpoint", "-created_at", "id"], name="jobs_webhookdelivery_log"),
            # All messages, in the admin site and in the API.
            models.Index(fields=["-created_at", "id"], name="jobs_webhookdelivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class WebhookAttempt(models.Model):
    """One try to deliver a message, and what was answered."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty when there was no answer.")
    answer = models.TextField(blank=True, default="", help_text="The beginning of what was answered.")
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="jobs_webhookattempt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.status or self.problem}"
