"""Gates of the committee: what is asked for, what was measured, what was frozen, who sits, and what was decided."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Scope


def _person(*, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=null, on_delete=models.PROTECT, related_name="+")


class GateDefinitionVersion(models.Model):
    """
    One version of what a gate asks for in an organisation.

    The content is never changed. New gates take a version once another person than its proposer published it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="gate_definitions")
    name = models.SlugField(max_length=40, help_text="Of the template that it is a version of.")
    number = models.PositiveIntegerField(help_text="Counts the versions of one organisation and template.")
    content = models.JSONField(help_text="Criteria, seats, and the rule of the vote.")
    content_digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    reason = models.TextField()
    proposed_by = _person()
    proposed_at = models.DateTimeField(db_default=transaction_time())
    published_by = _person(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "name", "number"], name="governance_gatedefinition_number_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_gatedefinition_has_reason"),
            models.CheckConstraint(
                condition=~Q(published_by=F("proposed_by")), name="governance_gatedefinition_two_people"
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="governance_gatedefinition_published_by_somebody",
            ),
        ]
        indexes = [
            # The newest versions, on the page of templates, in the admin site and in the API.
            models.Index(fields=["-proposed_at", "id"], name="governance_gatedef_newest"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.name} in {self.scope}"


class Gate(models.Model):
    """
    One wish to widen where generated code may be asked for, from the wish to the committee's decision.

    ``scope`` is the organisation whose committee decides. ``granted``, ``sample`` and ``flagships`` are keys of scopes:
    where code may be asked for afterwards, whose records are the evidence, and which count by themselves. ``digest`` is
    the SHA-256 of what is frozen now.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        VOTING = "voting", "Voting"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        LAPSED = "lapsed", "Lapsed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Risk(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="gates")
    title = models.CharField(max_length=200)
    definition = models.ForeignKey(
        GateDefinitionVersion, null=True, on_delete=models.PROTECT, related_name="gates", help_text="None: built in."
    )
    definition_content = models.JSONField(help_text="The definition as it was when the gate was made.")
    definition_digest = models.CharField(max_length=64)
    granted = ArrayField(models.BigIntegerField(), help_text="Scopes in which code may be asked for afterwards.")
    sample = ArrayField(models.BigIntegerField(), help_text="Scopes whose records are the evidence.")
    flagships = ArrayField(models.BigIntegerField(), default=list, help_text="Scopes that count by themselves.")
    risk_max = models.CharField(max_length=8, choices=Risk)
    task_classes = models.JSONField(default=list, help_text="Kinds of requests; empty means all.")
    model_names = models.JSONField(
        default=list, help_text="Models that may be asked; empty means all that are approved."
    )
    expires_at = models.DateTimeField(help_text="When what is granted ends.")
    tripwires = models.JSONField(default=list, help_text="Measures that suspend it, each with its bound.")
    risks = models.TextField(blank=True, default="", help_text="What could go wrong, and what is done about it.")
    requested_by = _person()
    requested_at = models.DateTimeField(db_default=transaction_time())
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    evidence_batch = models.PositiveIntegerField(default=0, help_text="How often the evidence was read.")
    evidence_read_at = models.DateTimeField(null=True)
    evidence_changed = models.TextField(blank=True, default="", help_text="What of the frozen evidence is not so now.")
    refresh_job = models.UUIDField(null=True, help_text="The job that reads the evidence now.")
    freeze_number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, default="")
    opened_by = _person(null=True)
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    closed_by = _person(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(blank=True, default="")
    minutes = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="governance_gate_has_title"),
            models.CheckConstraint(condition=Q(granted__len__gt=0), name="governance_gate_grants_something"),
            models.CheckConstraint(condition=Q(sample__len__gt=0), name="governance_gate_has_sample"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("requested_at")), name="governance_gate_expires"),
        ]
        indexes = [
            # The newest gates, on the governance page, in the admin site and in the API.
            models.Index(fields=["-requested_at", "id"], name="governance_gate_newest"),
            # The gates of the organisations that somebody reads, newest first.
            models.Index(fields=["scope", "-requested_at", "id"], name="governance_gate_scope"),
            # What a voter must not see the ballots of, in every list of ballots.
            models.Index(fields=["id"], condition=Q(state="voting"), name="governance_gate_voting"),
        ]

    def __str__(self) -> str:
        return self.title


class GateReading(models.Model):
    """
    What one criterion of a gate was at one time. Never changed or removed.

    ``place`` is the flagship that it is about, if any. ``state`` and ``sentence`` are what it meant when it was read.
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="readings")
    batch = models.PositiveIntegerField(help_text="Which reading of the gate's evidence it belongs to.")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=80, help_text="The criterion, and the flagship where there is one.")
    criterion = models.CharField(max_length=40)
    place = models.ForeignKey(Scope, null=True, on_delete=models.PROTECT, related_name="+")
    measure = models.CharField(max_length=80)
    measure_version = models.PositiveIntegerField(default=0, help_text="0 where nobody registered the measure.")
    definition = models.TextField(blank=True, default="")
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    value = models.FloatField(null=True)
    n = models.IntegerField(default=0)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    as_of = models.DateTimeField(null=True)
    missing = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    sources = models.JSONField(default=list, help_text="The newest rows behind the figure, with their pages.")
    state = models.CharField(max_length=20)
    sentence = models.TextField()
    read_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "batch", "key"], name="governance_gatereading_once"),
        ]
        indexes = [
            # The newest readings, in the admin site and in the API.
            models.Index(fields=["-read_at", "id"], name="governance_reading_newest"),
            # The history of one criterion, newest first.
            models.Index(fields=["gate", "key", "-batch"], name="governance_reading_history"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class GateWaiver(models.Model):
    """
    Two people's word that one criterion of a gate need not be met, until a date.

    It is confirmed once and withdrawn once, and otherwise never changed or removed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="waivers")
    key = models.CharField(max_length=80)
    reason = models.TextField()
    ends_at = models.DateTimeField()
    asked_by = _person()
    asked_at = models.DateTimeField(db_default=transaction_time())
    confirmed_by = _person(null=True)
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = _person(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gate", "key"], condition=Q(withdrawn_at__isnull=True), name="governance_gatewaiver_one_open"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_gatewaiver_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("asked_at")), name="governance_gatewaiver_ends"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="governance_gatewaiver_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False),
                name="governance_gatewaiver_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            # The newest waivers, in the admin site and in the API.
            models.Index(fields=["-asked_at", "id"], name="governance_waiver_newest"),
        ]

    def __str__(self) -> str:
        return f"waiver of {self.key}"


class GateSeat(models.Model):
    """Who sits on one seat of a gate, or stands in for who does. Changed only before the vote."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="seats")
    seat = models.SlugField(max_length=40)
    user = _person()
    is_alternate = models.BooleanField(default=False)
    has_veto = models.BooleanField(default=False, help_text="Set by the database from the definition.")
    assigned_by = _person()
    assigned_at = models.DateTimeField(db_default=transaction_time())
    present_at = models.DateTimeField(null=True, help_text="When they said that they are there.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "seat", "user"], name="governance_gateseat_once"),
        ]
        indexes = [
            # The newest, in the admin site and in the API.
            models.Index(fields=["-assigned_at", "id"], name="governance_seat_newest"),
            # The votes that wait for one person, on their home page.
            models.Index(fields=["user", "gate"], name="governance_seat_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.seat}"


class GateFreeze(models.Model):
    """Exactly what a vote is about: request, evidence, waivers and the rule, with their SHA-256. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="freezes")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    statement = models.TextField(help_text="What a ballot signs.")
    reason = models.TextField(blank=True, default="", help_text="Why it was frozen again.")
    frozen_by = _person()
    frozen_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "number"], name="governance_gatefreeze_once"),
        ]
        indexes = [
            # The newest, in the admin site and in the API.
            models.Index(fields=["-frozen_at", "id"], name="governance_freeze_newest"),
        ]

    def __str__(self) -> str:
        return f"freeze {self.number} of {self.gate_id}"


class GateEvidence(models.Model):
    """One criterion as it was frozen. Never changed or removed."""

    freeze = models.ForeignKey(GateFreeze, on_delete=models.PROTECT, related_name="evidence")
    reading = models.ForeignKey(GateReading, on_delete=models.PROTECT, related_name="+")
    waiver = models.ForeignKey(GateWaiver, null=True, on_delete=models.PROTECT, related_name="+")
    is_required = models.BooleanField()
    state = models.CharField(max_length=20)
    sentence = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["freeze", "reading"], name="governance_gateevidence_once"),
            models.CheckConstraint(
                condition=~Q(state="waived") | Q(waiver__isnull=False),
                name="governance_gateevidence_waived_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reading_id}: {self.state}"


class GateDecision(models.Model):
    """What the committee decided, with every ballot that was valid when the vote closed. Never changed or removed."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        LAPSED = "lapsed", "Lapsed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gate = models.OneToOneField(Gate, on_delete=models.PROTECT, related_name="decision")
    freeze = models.ForeignKey(GateFreeze, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome)
    content = models.JSONField(help_text="Seats, ballots, dissent, conditions and reasons.")
    content_digest = models.CharField(max_length=64)
    rung_id = models.UUIDField(null=True, help_text="What it granted.")
    decided_by = _person()
    decided_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="approved", rung_id__isnull=False)
                | (~Q(outcome="approved") & Q(rung_id__isnull=True)),
                name="governance_gatedecision_grants_when_approved",
            ),
        ]
        indexes = [
            # The newest decisions, in the admin site and in the API.
            models.Index(fields=["-decided_at", "id"], name="governance_gatedec_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id}: {self.outcome}"
