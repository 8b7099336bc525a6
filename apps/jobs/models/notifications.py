"""What people are told, how they want to be told, and how far the audit chain has been told."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.governance.models import Scope


class Kind(models.TextChoices):
    """Why somebody is told something; the values are those of ``engine.notices.Kind``."""

    YOUR_TURN = "your_turn", "Your turn"
    REQUEST_ENDED = "request_ended", "Your request ended"
    REVIEW_ENDED = "review_ended", "A review that you were asked for ended"
    GATE_CHANGED = "gate_changed", "A gate changed its state"
    SCOPE_SUSPENDED = "scope_suspended", "Generation was suspended"
    REQUEST_MOVED = "request_moved", "Your request moved on"
    ENDS_SOON = "ends_soon", "Something that you answer for ends soon"
    RULES_CHANGED = "rules_changed", "Rules or roles changed"
    PLATFORM = "platform", "The platform itself"


class Mail(models.TextChoices):
    """When an e-mail is sent; the values are those of ``engine.notices.Wish``."""

    NOW = "now", "At once"
    DIGEST = "digest", "In the daily digest"
    NEVER = "never", "Never"


class Notification(models.Model):
    """
    What one person is told about one subject.

    News about the same subject changes this row, so that nobody is flooded; ``news`` counts it.
    """

    class MailState(models.TextChoices):
        NONE = "none", "No e-mail"
        DUE = "due", "To be sent"
        DIGEST = "digest", "In the next digest"
        SENT = "sent", "Sent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=Kind)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, null=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=400, blank=True, default="")
    url = models.CharField(max_length=400, blank=True, default="", help_text="The page it leads to, on this site.")
    news = models.PositiveIntegerField(default=1, help_text="How often there was something new about it.")
    created_at = models.DateTimeField(db_default=transaction_time())
    changed_at = models.DateTimeField(db_default=transaction_time())
    read_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    mail_state = models.CharField(max_length=8, choices=MailState, default=MailState.NONE)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "subject_kind", "subject_id"], name="jobs_notification_one_per_subject"
            ),
            models.CheckConstraint(
                condition=Q(url="") | (Q(url__startswith="/") & ~Q(url__startswith="//")),
                name="jobs_notification_leads_to_this_site",
            ),
        ]
        indexes = [
            # A person's inbox, newest first.
            models.Index(fields=["recipient", "-changed_at", "id"], name="jobs_notification_inbox"),
            # The count at the bell, on every page.
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="jobs_notification_unread"),
            # The mails to be sent, for the sweep and the digest.
            models.Index(
                fields=["mail_state", "recipient"],
                condition=Q(mail_state__in=["due", "digest"]),
                name="jobs_notification_mail",
            ),
            # Everybody's, in the admin site.
            models.Index(fields=["-changed_at", "id"], name="jobs_notification_newest"),
        ]

    def __str__(self) -> str:
        return self.title


class NotificationChoice(models.Model):
    """Whether a person wants e-mail about one kind of news; without a row the kind's own default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=20, choices=Kind)
    mail = models.CharField(max_length=8, choices=Mail)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="jobs_notificationchoice_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_mail_display()}"


class NotificationMute(models.Model):
    """A subject that a person wants to hear nothing more about."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_mutes")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    title = models.CharField(max_length=200, blank=True, default="", help_text="What it was called when it was muted.")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "subject_kind", "subject_id"], name="jobs_notificationmute_once"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.subject_kind} {self.subject_id}"


class FeedPosition(models.Model):
    """How far a reader of the audit chain has come; moved in the transaction that writes what it made of them."""

    name = models.CharField(max_length=40, unique=True)
    sequence = models.BigIntegerField(default=0, help_text="Number of the last entry that was read.")
    moved_at = models.DateTimeField(db_default=transaction_time())

    def __str__(self) -> str:
        return f"{self.name} at {self.sequence}"
