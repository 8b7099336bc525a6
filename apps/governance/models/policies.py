"""Who must approve, in versions."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Scope


class ApprovalPolicyVersion(models.Model):
    """
    One version of who must approve requests of one risk, in a repository or in a whole organisation.

    The content is never changed. A version rules once another person than its proposer published it.
    """

    class RiskTier(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="approval_policies")
    risk_tier = models.CharField(max_length=8, choices=RiskTier)
    number = models.PositiveIntegerField(help_text="Counts the versions of one scope and risk.")
    content = models.JSONField(help_text="Seats, how many must approve and be present, life of a ballot.")
    content_digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    needed = models.PositiveSmallIntegerField(help_text="How many seats must approve.")
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=transaction_time())
    simulation = models.JSONField(null=True, help_text="What it would have done to past requests.")
    simulated_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "risk_tier", "number"], name="governance_policy_number_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_policy_has_reason"),
            models.CheckConstraint(condition=~Q(published_by=F("proposed_by")), name="governance_policy_two_people"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False, simulated_at__isnull=False),
                name="governance_policy_published_by_somebody",
            ),
        ]
        indexes = [
            # The newest versions, in the admin site and in the API.
            models.Index(fields=["-proposed_at", "id"], name="governance_policy_newest"),
            # The versions of the places that somebody reads, newest first.
            models.Index(fields=["scope", "-proposed_at", "id"], name="governance_policy_scope"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} for {self.risk_tier} risk in {self.scope}"
