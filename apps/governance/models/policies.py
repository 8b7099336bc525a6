"""Who must approve, and what repositories allow, in versions."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.engine.trials import TRIAL_HOLDS
from apps.governance.models.people import Scope


class SignedVersion(models.Model):
    """
    A version that one person proposes and another one publishes. The content is never changed.

    ``PLACE`` are the columns of what it is a version of: of those with the same ones the newest published rules.
    """

    PLACE: ClassVar[tuple[str, ...]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    content_digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=transaction_time())
    simulation = models.JSONField(null=True)
    simulated_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def place(self) -> dict[str, Any]:
        """What it is a version of, as columns to filter by."""
        return {name: getattr(self, name) for name in self.PLACE}


def _signed_by_two(prefix: str) -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(condition=~Q(reason=""), name=f"{prefix}_has_reason"),
        models.CheckConstraint(condition=~Q(published_by=F("proposed_by")), name=f"{prefix}_two_people"),
        models.CheckConstraint(
            condition=Q(published_at__isnull=True, published_by__isnull=True)
            | Q(published_at__isnull=False, published_by__isnull=False, simulated_at__isnull=False),
            name=f"{prefix}_published_by_somebody",
        ),
        models.CheckConstraint(
            condition=Q(published_at__isnull=True) | Q(published_at__lte=F("simulated_at") + TRIAL_HOLDS),
            name=f"{prefix}_tried_lately",
        ),
    ]


class ApprovalPolicyVersion(SignedVersion):
    """
    One version of who must approve requests of one risk, in a repository or in a whole organisation.

    A version rules once another person than its proposer published it.
    """

    PLACE = ("scope", "risk_tier")

    class RiskTier(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="approval_policies")
    risk_tier = models.CharField(max_length=8, choices=RiskTier)
    number = models.PositiveIntegerField(help_text="Counts the versions of one scope and risk.")
    content = models.JSONField(help_text="Seats, how many must approve and be present, life of a ballot.")
    needed = models.PositiveSmallIntegerField(help_text="How many seats must approve.")
    simulation = models.JSONField(null=True, help_text="What it would have done to past requests.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "risk_tier", "number"], name="governance_policy_number_once"),
            *_signed_by_two("governance_policy"),
        ]
        indexes = [
            # The newest versions, in the admin site and in the API.
            models.Index(fields=["-proposed_at", "id"], name="governance_policy_newest"),
            # The versions of the places that somebody reads, newest first.
            models.Index(fields=["scope", "-proposed_at", "id"], name="governance_policy_scope"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} for {self.risk_tier} risk in {self.scope}"


class PolicyVersion(SignedVersion):
    """
    One version of what a place allows: its code rules, its budgets, or the providers that it asks.

    Each kind is understood by the app that keeps to it (``apps.governance.policy_kinds``).
    """

    PLACE = ("kind", "scope")

    class Kind(models.TextChoices):
        CODE_RULES = "code_rules", "Code rules"
        BUDGETS = "budgets", "Budgets"
        PROVIDERS = "providers", "Providers"

    kind = models.CharField(max_length=12, choices=Kind)
    scope = models.ForeignKey(
        Scope, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the whole platform."
    )
    number = models.PositiveIntegerField(help_text="Counts the versions of one kind and scope.")
    content = models.JSONField(help_text="What it says, as its kind stores it.")
    simulation = models.JSONField(null=True, help_text="What it would have done to the past.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "number"], name="governance_version_number_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(kind="budgets") | Q(scope__isnull=False), name="governance_version_has_scope"
            ),
            *_signed_by_two("governance_version"),
        ]
        indexes = [
            # The newest versions, in the admin site and in the API.
            models.Index(fields=["-proposed_at", "id"], name="governance_version_newest"),
            # The versions of one kind on its page, newest first.
            models.Index(fields=["kind", "-proposed_at", "id"], name="governance_version_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.scope or 'the whole platform'}, version {self.number}"
