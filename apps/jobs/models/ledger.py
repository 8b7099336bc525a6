"""The job ledger: the truth about all work done in the background."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time


class Job(models.Model):
    """
    One piece of background work.

    A worker owns a job while ``claim`` holds its own random id; every write of the worker is conditional on it, so a
    worker that was taken for dead cannot write over its successor.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        ERRORED = "errored", "Errored"
        CANCELLED = "cancelled", "Cancelled"

    ENDED = (State.SUCCEEDED, State.FAILED, State.ERRORED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    claim = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    sequence = models.PositiveIntegerField(default=0, help_text="Number of the newest event.")
    progress = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())
    sent_at = models.DateTimeField(null=True, help_text="When it was last handed to the queue.")
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(state__in=["queued", "running"]),
                name="jobs_job_one_active_per_subject",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(claim__isnull=False, heartbeat_at__isnull=False),
                name="jobs_job_running_is_claimed",
            ),
        ]
        indexes = [
            # The sweep: queued or running jobs whose worker may have died, oldest first.
            models.Index(
                fields=["heartbeat_at", "sent_at"], name="jobs_job_sweep", condition=Q(state__in=["queued", "running"])
            ),
            # The jobs of one subject, newest first, on its page.
            models.Index(fields=["subject_kind", "subject_id", "-created_at"], name="jobs_job_subject"),
            # The admin list and the API list, newest first.
            models.Index(fields=["-created_at", "id"], name="jobs_job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in self.ENDED

    @property
    def error_message(self) -> str:
        """What went wrong, one sentence; empty when nothing did."""
        return self.error.partition("\n")[0]

    @property
    def error_remedy(self) -> str:
        """What to do about it; may be empty."""
        return self.error.partition("\n")[2]


class JobEvent(models.Model):
    """One step of a job, numbered without gaps, so that a page that reconnects can ask for what it missed."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveIntegerField()
    stage = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "sequence"], name="jobs_jobevent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.stage}"

    @property
    def step(self) -> str:
        """What was done, as people read it."""
        return self.stage.replace("_", " ")
