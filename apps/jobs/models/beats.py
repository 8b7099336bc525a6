"""Which processes of the queue live."""

from __future__ import annotations

from django.db import models

from apps.core.database import transaction_time


class QueueBeat(models.Model):
    """One process of the queue, on one machine, and when it last said that it lives."""

    name = models.CharField(max_length=120, unique=True, help_text="Machine and process.")
    workers = models.PositiveSmallIntegerField(help_text="How many jobs it works on at once.")
    started_at = models.DateTimeField(db_default=transaction_time())
    beat_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # Who lives, on the status page; the newest, in the admin site and in the API.
            models.Index(fields=["-beat_at", "id"], name="jobs_queuebeat_newest"),
        ]

    def __str__(self) -> str:
        return self.name
