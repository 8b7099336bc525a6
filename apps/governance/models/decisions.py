"""Verdicts, and what two people set aside."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Scope


class Ballot(models.Model):
    """
    One person's verdict on exactly what they saw.

    The subject is (kind, id); ``subject_digest`` is the SHA-256 of patch, base and evidence as shown. A change of
    the subject voids the ballot, unless it is a recusal; it is never edited or removed.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approve"
        REQUEST_CHANGES = "request_changes", "Request changes"
        BLOCK = "block", "Block"
        ABSTAIN = "abstain", "Abstain"
        RECUSE = "recuse", "Step aside"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ballots")
    # Set by the database from the account.
    person = models.CharField(
        max_length=210, db_default="", editable=False, help_text="The natural person behind the account."
    )
    verdict = models.CharField(max_length=16, choices=Verdict)
    rationale = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict, help_text="Preference and rubric, as given.")
    cast_at = models.DateTimeField(db_default=transaction_time())
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "person"],
                condition=Q(voided_at__isnull=True),
                name="governance_ballot_one_valid_per_person",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["block", "request_changes"]) | ~Q(rationale=""),
                name="governance_ballot_refusal_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""), name="governance_ballot_void_has_reason"
            ),
        ]
        indexes = [
            # The ballots of one subject, on its review page and in every decision.
            models.Index(fields=["subject_kind", "subject_id"], name="governance_ballot_subject"),
            # The newest verdicts, on the governance page, in the admin site and in the API.
            models.Index(fields=["-cast_at", "id"], name="governance_ballot_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.voter}: {self.get_verdict_display()}"


class Override(models.Model):
    """
    Two people's word that something may go on although one check of it failed, until a date.

    ``subject_digest`` is the SHA-256 of what they saw. It is confirmed once and withdrawn once, and otherwise never
    changed or removed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="overrides")
    check_name = models.CharField(max_length=40, help_text="The check that failed.")
    reason = models.TextField()
    ends_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="overrides_asked")
    asked_at = models.DateTimeField(db_default=transaction_time())
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="overrides_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "check_name", "subject_digest"],
                condition=Q(withdrawn_at__isnull=True),
                name="governance_override_one_open",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_override_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("asked_at")), name="governance_override_ends"),
            models.CheckConstraint(condition=~Q(confirmed_by=F("asked_by")), name="governance_override_two_people"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="governance_override_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False),
                name="governance_override_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            # The overrides of one subject, on its page and whenever it is to go on.
            models.Index(fields=["subject_kind", "subject_id"], name="governance_override_subject"),
            # The newest overrides, in the admin site and in the API.
            models.Index(fields=["-asked_at", "id"], name="governance_override_newest"),
            # What waits for a second signature, on the chair's home page.
            models.Index(
                fields=["scope", "asked_at"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="governance_override_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_name} of {self.subject_kind} {self.subject_id}"
