"""A worker's attempt at a job: done once, ended visibly, stopped on request, put back when the worker dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django_q.exceptions import TimeoutException

from apps.core.errors import NofxError
from apps.governance.models import AuditEvent, User
from apps.jobs import ledger, runner
from apps.jobs.models import Job, JobEvent
from apps.jobs.services import ClaimLost, JobRun, job_cancel
from apps.jobs.types import WorkerStopping

pytestmark = pytest.mark.django_db(transaction=True)

Handle = Callable[..., None]
Enqueue = Callable[..., Job]


def stages(job: Job) -> list[str]:
    return list(JobEvent.objects.filter(job=job).order_by("sequence").values_list("stage", flat=True))


def from_elsewhere(work: Callable[[], object]) -> None:
    """Do something as another process would: in a thread with a connection of its own."""

    def call() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(timeout=10)


def test_a_job_runs_and_tells_its_steps_in_order(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        assert run.progress("half", done=1, of=2) == 2
        assert run.progress("whole", done=run.job.payload["n"], of=2) == 3

    handle(work)
    job = enqueue(payload={"n": 2})
    assert runner.job_execute(job.pk) == "succeeded"
    job.refresh_from_db()
    assert (job.state, job.attempts, job.sequence) == ("succeeded", 1, 4)
    assert job.progress == {"stage": "whole", "done": 2, "of": 2}
    assert job.started_at is not None
    assert job.finished_at is not None
    assert stages(job) == ["started", "half", "whole", "succeeded"]


def test_a_message_that_arrives_twice_runs_the_job_once(handle: Handle, enqueue: Enqueue) -> None:
    calls: list[UUID] = []
    handle(lambda run: calls.append(run.job.pk))
    job = enqueue()
    assert [runner.job_execute(job.pk), runner.job_execute(job.pk)] == ["succeeded", "not queued"]
    assert calls == [job.pk]
    assert Job.objects.get(pk=job.pk).attempts == 1


def test_an_expected_failure_ends_as_failed_with_what_to_do(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        raise NofxError("The repository is empty.", remedy="Commit a file first.")

    handle(work)
    job = enqueue()
    assert runner.job_execute(job.pk) == "failed"
    job.refresh_from_db()
    assert (job.error_message, job.error_remedy) == ("The repository is empty.", "Commit a file first.")
    assert JobEvent.objects.get(job=job, stage="failed").data["remedy"] == "Commit a file first."


def test_an_unexpected_error_ends_as_errored_with_its_traceback_in_the_log_only(
    handle: Handle, enqueue: Enqueue, caplog: pytest.LogCaptureFixture
) -> None:
    def work(run: JobRun) -> None:
        raise ValueError("inner detail")

    handle(work)
    job = enqueue()
    assert runner.job_execute(job.pk) == "errored"
    job.refresh_from_db()
    assert "inner detail" not in job.error
    assert "ValueError" in job.error_message
    assert [record.exc_info is not None for record in caplog.records if "unexpected" in record.message] == [True]
    assert "inner detail" in caplog.text


def test_a_kind_that_this_worker_does_not_know_ends_as_errored(
    handle: Handle, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(lambda run: None)
    job = enqueue()
    monkeypatch.setattr("apps.jobs.registry._handlers", {})
    assert runner.job_execute(job.pk) == "errored"
    assert "probe.work" in Job.objects.get(pk=job.pk).error_message


def test_a_running_job_stops_within_two_seconds_of_the_request(
    handle: Handle, enqueue: Enqueue, engineer: User
) -> None:
    noticed = threading.Event()

    def work(run: JobRun) -> None:
        from_elsewhere(lambda: job_cancel(job_id=run.job.pk, actor=engineer))
        for _ in range(200):
            if run.is_cancelled():
                noticed.set()
            run.raise_if_cancelled()
            noticed.wait(0.01)

    handle(work)
    job = enqueue()
    assert runner.job_execute(job.pk) == "cancelled"
    assert noticed.is_set()
    assert stages(job) == ["started", "cancel_requested", "cancelled"]
    assert AuditEvent.objects.filter(action="job.cancel", object_id=str(job.pk)).count() == 1


def test_a_worker_taken_for_dead_cannot_write_over_its_successor(handle: Handle, enqueue: Enqueue) -> None:
    successor = uuid4()

    def work(run: JobRun) -> None:
        def taken_over() -> None:
            claim = Job.objects.get(pk=run.job.pk).claim
            assert claim is not None
            ledger.put_back(run.job.pk, claim, is_attempt_counted=True, reason="test")
            ledger.claim(run.job.pk, successor)

        from_elsewhere(taken_over)
        with pytest.raises(ClaimLost):
            run.progress("late")
        raise ValueError("would end the successor's job as errored")

    handle(work)
    job = enqueue()
    assert runner.job_execute(job.pk) == "claim lost"
    job.refresh_from_db()
    assert (job.state, job.claim, job.attempts) == ("running", successor, 2)
    assert "late" not in stages(job)


def test_a_lost_claim_is_noticed_by_the_heartbeat(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        from_elsewhere(lambda: Job.objects.filter(pk=run.job.pk).update(claim=uuid4()))
        for _ in range(200):
            run.raise_if_cancelled()
            threading.Event().wait(0.01)

    handle(work)
    assert runner.job_execute(enqueue().pk) == "claim lost"


def test_the_heartbeat_moves_while_the_handler_works(
    handle: Handle, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(runner, "BEAT_SECONDS", 0.01)
    beaten: list[bool] = []

    def work(run: JobRun) -> None:
        for _ in range(500):
            if Job.objects.filter(pk=run.job.pk, heartbeat_at__gt=F("started_at")).exists():
                beaten.append(True)
                return
            threading.Event().wait(0.01)

    handle(work)
    runner.job_execute(enqueue().pk)
    assert beaten == [True]


def test_a_job_past_its_limit_stops_beating_so_that_a_stuck_worker_loses_it(
    handle: Handle, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHECK_SECONDS", 0.01)
    handle(lambda run: None)
    job = ledger.claim(enqueue().pk, claim := uuid4())
    assert job is not None
    beat = runner.Heartbeat(JobRun(job, claim), claim, timeout_s=-runner.GRACE_SECONDS)
    with beat:
        beat._thread.join(timeout=5)
        assert not beat._thread.is_alive()


def test_a_job_that_took_too_long_ends_as_errored_and_gives_up_its_process(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        raise TimeoutException

    handle(work, timeout_s=3)
    job = enqueue()
    with pytest.raises(TimeoutException):
        runner.job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == "errored"
    assert "3 seconds" in job.error_message


def test_a_worker_that_is_stopped_puts_its_job_back_without_counting_the_attempt(
    handle: Handle, enqueue: Enqueue
) -> None:
    def work(run: JobRun) -> None:
        raise WorkerStopping

    handle(work)
    job = enqueue()
    with pytest.raises(WorkerStopping):
        runner.job_execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.claim, job.attempts) == ("queued", None, 0)


def test_a_database_that_went_away_does_not_end_the_job(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    handle(work)
    job = enqueue()
    with pytest.raises(OperationalError):
        runner.job_execute(job.pk)
    assert Job.objects.get(pk=job.pk).state == "running"


def test_ending_a_job_twice_changes_nothing(handle: Handle, enqueue: Enqueue) -> None:
    handle(lambda run: None)
    job = enqueue()
    claim = uuid4()
    ledger.claim(job.pk, claim)
    ledger.finish(job.pk, claim, Job.State.SUCCEEDED)
    ledger.finish(job.pk, claim, Job.State.FAILED, message="late")
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    with pytest.raises(ClaimLost):
        ledger.finish(job.pk, uuid4(), Job.State.FAILED)


def test_the_subject_hears_of_every_end_in_the_transaction_that_ends_it(
    handle: Handle, enqueue: Enqueue, engineer: User
) -> None:
    ends: list[str] = []
    handle(lambda run: None, on_end=lambda job: ends.append(job.state))
    runner.job_execute(enqueue().pk)
    job_cancel(job_id=enqueue().pk, actor=engineer)
    assert ends == ["succeeded", "cancelled"]


def test_progress_of_a_rolled_back_transaction_leaves_no_gap(handle: Handle, enqueue: Enqueue) -> None:
    def work(run: JobRun) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            run.progress("undone")
            raise ZeroDivisionError
        run.progress("kept")

    handle(work)
    job = enqueue()
    runner.job_execute(job.pk)
    assert stages(job) == ["started", "kept", "succeeded"]
    assert list(JobEvent.objects.filter(job=job).order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]
