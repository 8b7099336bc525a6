"""django-q2's command, with what a ledger of jobs needs around it."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection, connections
from django_q.cluster import Cluster
from redis.exceptions import RedisError

from apps.core.clock import now
from apps.core.lazy import job_modules_load
from apps.jobs.cluster import await_ends, bind_lives_together, children_of
from apps.jobs.services import feeds_advance, jobs_due_begin, jobs_sweep
from apps.jobs.services.beats import queue_beat, queue_leave

SWEEP_SECONDS = 5.0
# How long running jobs may go on after the command was told to end; then they are put back into the queue.
FINISH_SECONDS = 5.0
PUT_BACK_SECONDS = 10.0

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs the workers of this machine and sweeps up after those of all machines."""

    help = "Works on queued jobs, and takes up those that a dead worker left behind."
    # They would load every page of the platform, of which workers show none.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        job_modules_load()
        bind_lives_together()
        stop = threading.Event()
        cluster = Cluster()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        connections.close_all()
        cluster.start()
        while cluster.sentinel.is_alive():
            _sweep()
            if stop.wait(SWEEP_SECONDS):
                _end(cluster)
                _leave()
                return
        raise CommandError("The workers ended unexpectedly; start them again.")


def _sweep() -> None:
    try:
        queue_beat()
        jobs_sweep()
        jobs_due_begin(at=now())
        feeds_advance()
    except (OperationalError, InterfaceError, RedisError) as error:
        log.warning("The sweep waits for the database or the queue: %s", error)
        connection.close()


def _leave() -> None:
    try:
        queue_leave()
    except (OperationalError, InterfaceError) as error:
        log.warning("The database does not know that this process ended: %s", error)


def _end(cluster: Cluster) -> None:
    """Let running jobs finish for a moment, then have them put back; return when all processes are gone."""
    sentinel = cluster.sentinel
    cluster.stop_event.set()
    sentinel.join(FINISH_SECONDS)
    if not sentinel.is_alive():
        return
    workers = children_of(sentinel.pid)
    sentinel.kill()
    sentinel.join()
    await_ends(workers, seconds=PUT_BACK_SECONDS)
