"""Tokens, and answers kept for those who ask twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time


class ApiToken(models.Model):
    """A bearer token of a person or a service account. Only its digest is kept; no scope can approve."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="What the token may do, for example specs:write.")
    repositories = models.JSONField(
        default=list, blank=True, help_text="The scopes that the token ends at; empty: all that its user has."
    )
    networks = models.JSONField(
        default=list, blank=True, help_text="Where the token may be used from; empty: anywhere."
    )
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by", editable=False
    )
    created_at = models.DateTimeField(db_default=transaction_time())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A day more than people are told, since two clocks take part.
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + timedelta(days=366)), name="governance_apitoken_ends"
            ),
        ]
        indexes = [
            # One account's tokens, newest first, on the page of them.
            models.Index(fields=["user", "-created_at", "id"], name="governance_apitoken_user"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class IdempotencyKey(models.Model):
    """The answer to a POST that carried an Idempotency-Key, kept so that a repetition gets the same one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request is under way.")
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "path", "key"], name="governance_idempotencykey_once"),
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
