"""The sweep: jobs that a dead worker or a lost message left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from apps.governance.models import User
from apps.jobs import ledger, runner
from apps.jobs.models import Job, JobEvent
from apps.jobs.services import job_cancel, jobs_sweep

pytestmark = pytest.mark.django_db(transaction=True)

Enqueue = Callable[..., Job]


@pytest.fixture(autouse=True)
def handler(handle: Callable[..., None]) -> None:
    handle(lambda run: None, max_attempts=2)


def abandoned(job: Job) -> Job:
    """Let a worker claim the job and die."""
    OrmQ.objects.all().delete()
    assert ledger.claim(job.pk, uuid4()) is not None
    Job.objects.filter(pk=job.pk).update(heartbeat_at=Now() - timedelta(seconds=31))
    return job


def test_a_job_whose_worker_died_is_queued_and_sent_again(enqueue: Enqueue) -> None:
    job = abandoned(enqueue())
    assert jobs_sweep() == 1
    job.refresh_from_db()
    assert (job.state, job.claim, job.attempts) == ("queued", None, 1)
    assert OrmQ.objects.count() == 1
    assert runner.job_execute(job.pk) == "succeeded"
    assert Job.objects.get(pk=job.pk).attempts == 2


def test_a_job_that_still_beats_is_left_alone(enqueue: Enqueue) -> None:
    job = enqueue()
    ledger.claim(job.pk, uuid4())
    assert jobs_sweep() == 0
    assert Job.objects.get(pk=job.pk).state == "running"


def test_a_job_tried_often_enough_ends_as_errored_with_a_sentence(enqueue: Enqueue) -> None:
    job = abandoned(enqueue())
    jobs_sweep()
    abandoned(job)
    jobs_sweep()
    job.refresh_from_db()
    assert job.state == "errored"
    assert job.error_message == "The worker died during each of 2 attempts."
    assert job.error_remedy
    assert OrmQ.objects.count() == 0


def test_a_job_that_was_to_be_stopped_when_its_worker_died_ends_as_cancelled(enqueue: Enqueue, engineer: User) -> None:
    job = abandoned(enqueue())
    job_cancel(job_id=job.pk, actor=engineer)
    jobs_sweep()
    assert Job.objects.get(pk=job.pk).state == "cancelled"


def test_a_message_that_was_lost_is_sent_again_and_only_once(enqueue: Enqueue) -> None:
    job = enqueue()
    OrmQ.objects.all().delete()
    assert jobs_sweep() == 0  # It may still be on its way.
    Job.objects.filter(pk=job.pk).update(sent_at=Now() - timedelta(seconds=16))
    assert [jobs_sweep(), jobs_sweep()] == [1, 0]
    assert OrmQ.objects.count() == 1


def test_a_job_that_waits_in_a_busy_queue_is_not_sent_again(enqueue: Enqueue) -> None:
    job = enqueue()
    Job.objects.filter(pk=job.pk).update(sent_at=Now() - timedelta(seconds=60))
    assert jobs_sweep() == 0
    assert OrmQ.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(sent_at=Now() - timedelta(minutes=11))
    assert jobs_sweep() == 1


def test_a_job_that_cannot_be_ended_does_not_hold_up_the_others(
    enqueue: Enqueue, handle: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(job: Job) -> None:
        raise ValueError("bug in another app")

    handle(lambda run: None, kind="probe.broken", max_attempts=1, on_end=broken)
    first = abandoned(enqueue(kind="probe.broken"))
    second = abandoned(enqueue())
    jobs_sweep()
    assert Job.objects.get(pk=first.pk).state == "running"
    assert Job.objects.get(pk=second.pk).state == "queued"
    assert "bug in another app" in caplog.text


def test_a_second_sweep_finds_nothing_left_to_do(enqueue: Enqueue) -> None:
    job = abandoned(enqueue())
    assert [jobs_sweep(), jobs_sweep()] == [1, 0]
    assert JobEvent.objects.filter(job=job, stage="requeued").count() == 1
