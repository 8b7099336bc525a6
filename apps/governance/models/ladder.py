"""What the committee opened, what is suspended, what watches over it, and what went wrong."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Organisation, Scope
from apps.governance.models.policies import ApprovalPolicyVersion


class Rung(models.Model):
    """
    What one vote of the committee opened: for which repositories, risks, classes of tasks and models, and until when.

    It never changes, except that it may be ended before it expires. No classes, or no models, mean all of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="rungs")
    title = models.CharField(max_length=120)
    gate_id = models.UUIDField(unique=True, help_text="The gate whose vote granted it.")
    evidence_digest = models.CharField(max_length=64, help_text="SHA-256 of the evidence that was voted on.")
    scopes = models.ManyToManyField(Scope, related_name="rungs")
    risk_max = models.CharField(max_length=8, choices=ApprovalPolicyVersion.RiskTier)
    task_classes = models.JSONField(default=list, blank=True)
    model_names = models.JSONField(default=list, blank=True, help_text="Names of providers.")
    tripwires = models.JSONField(default=list)
    granted_at = models.DateTimeField(db_default=transaction_time())
    starts_at = models.DateTimeField(db_default=transaction_time())
    expires_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("starts_at")), name="governance_rung_expires"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(evidence_digest=""), name="governance_rung_says_what"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="governance_rung_ended_by_somebody",
            ),
        ]
        indexes = [
            # The newest rungs, on the page of the ladder, in the admin site and in the API.
            models.Index(fields=["-granted_at", "id"], name="governance_rung_newest"),
            # The rungs whose tripwires are read.
            models.Index(fields=["expires_at"], condition=Q(ended_at__isnull=True), name="governance_rung_open"),
        ]

    def __str__(self) -> str:
        return self.title


class Suspension(models.Model):
    """
    Generation is stopped: everything of an organisation, one model there, one repository, or what one rung opened.

    A person or a tripwire suspends at once; only a vote of the committee resumes. ``content_digest`` is what ballots
    are cast on. ``reading`` is what a tripwire read, as it was then.
    """

    class Kind(models.TextChoices):
        EVERYTHING = "everything", "Everything"
        MODEL = "model", "Model"
        REPOSITORY = "repository", "Repository"
        RUNG = "rung", "Rung"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="suspensions")
    model = models.CharField(max_length=60, blank=True, default="", help_text="Name of the provider.")
    rung = models.ForeignKey(Rung, null=True, on_delete=models.PROTECT, related_name="suspensions")
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: a tripwire."
    )
    suspended_at = models.DateTimeField(db_default=transaction_time())
    reason = models.TextField(blank=True, default="", help_text="May come after the suspension, once.")
    reading = models.JSONField(default=dict)
    content_digest = models.CharField(max_length=64)
    resumed_at = models.DateTimeField(null=True)
    security = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="Who sat on the committee's security seat as it began; the database says it.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "model", "rung"],
                condition=Q(resumed_at__isnull=True),
                nulls_distinct=False,
                name="governance_suspension_one_stands",
            ),
            models.CheckConstraint(
                condition=(Q(kind="model") & ~Q(model="")) | (~Q(kind="model") & Q(model="")),
                name="governance_suspension_names_model",
            ),
            models.CheckConstraint(
                condition=Q(kind="rung", rung__isnull=False) | (~Q(kind="rung") & Q(rung__isnull=True)),
                name="governance_suspension_names_rung",
            ),
            models.CheckConstraint(
                condition=Q(suspended_by__isnull=False) | (Q(kind="rung") & ~Q(reason="")),
                name="governance_suspension_by_somebody",
            ),
        ]
        indexes = [
            # The newest suspensions, on the page of the ladder, in the admin site and in the API.
            models.Index(fields=["-suspended_at", "id"], name="governance_suspension_newest"),
            # What stands in a place: before each stage of a generation, and for the banner on every page.
            models.Index(fields=["scope"], condition=Q(resumed_at__isnull=True), name="governance_suspension_stands"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.scope}"


class Incident(models.Model):
    """Something that went wrong with generated code, opened and closed by people; it may name the request."""

    class Severity(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"
        CRITICAL = "critical", "Critical"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=8, choices=Severity)
    request_id = models.UUIDField(null=True, help_text="The request whose code it is about, if one is known.")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(db_default=transaction_time())
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="governance_incident_has_title"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, resolution="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(resolution="")),
                name="governance_incident_closed_by_somebody",
            ),
        ]
        indexes = [
            # The newest incidents, on their page, in the admin site and in the API.
            models.Index(fields=["-opened_at", "id"], name="governance_incident_newest"),
            # The open ones of some places, for the measure.
            models.Index(fields=["scope"], condition=Q(closed_at__isnull=True), name="governance_incident_open"),
        ]

    def __str__(self) -> str:
        return self.title


class TripwireReading(models.Model):
    """How one tripwire of a rung was last found. The tripwire itself stands in the rung, at ``position``."""

    class State(models.TextChoices):
        CLEAR = "clear", "Clear"
        NO_VALUE = "no_value", "No value yet"
        FAILING = "failing", "Source fails"
        TRIPPED = "tripped", "Tripped"

    rung = models.ForeignKey(Rung, on_delete=models.PROTECT, related_name="readings")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State)
    value = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    as_of = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="", help_text="What is missing, or why the source failed.")
    failing_since = models.DateTimeField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rung", "position"], name="governance_tripwire_read_once"),
        ]
        indexes = [
            # The newest readings, in the admin site and in the API.
            models.Index(fields=["-read_at", "id"], name="governance_tripwire_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.state} at {self.position} of {self.rung_id}"
