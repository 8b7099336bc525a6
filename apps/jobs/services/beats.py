"""Saying that a process of the queue lives."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from apps.jobs.models import QueueBeat

FORGOTTEN_AFTER = timedelta(days=1)


def queue_beat() -> None:
    """Note that this process lives, by the database's clock, and forget those that have not for a day."""
    QueueBeat.objects.update_or_create(
        name=_own_name(), defaults={"workers": settings.Q_CLUSTER["workers"], "beat_at": Now()}
    )
    QueueBeat.objects.filter(beat_at__lt=Now() - FORGOTTEN_AFTER).delete()


def queue_leave() -> None:
    """Note that this process ends, so that nobody counts its workers any longer."""
    QueueBeat.objects.filter(name=_own_name()).delete()


def _own_name() -> str:
    return f"{socket.gethostname()[:100]}:{os.getpid()}"
