"""Asking for a job: sent at commit, once for each subject, and not at all after a rollback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from apps.governance.models import User
from apps.jobs import ledger
from apps.jobs.models import Job
from apps.jobs.services import JobRun, job_enqueue


def nothing(run: JobRun) -> None:
    """Do nothing."""


def queued_ids() -> list[str]:
    return [SignedPackage.loads(row.payload)["args"][0] for row in OrmQ.objects.order_by("pk")]


@pytest.fixture(autouse=True)
def handler(handle: Callable[..., None]) -> None:
    handle(nothing, max_attempts=2, timeout_s=7)


@pytest.mark.django_db(transaction=True)
def test_a_job_is_sent_with_nothing_but_its_id_when_its_transaction_commits(enqueue: Callable[..., Job]) -> None:
    with transaction.atomic():
        job = enqueue(payload={"secret": "stays in the ledger"})
        assert queued_ids() == []
    assert queued_ids() == [str(job.pk)]
    assert "secret" not in str(SignedPackage.loads(OrmQ.objects.get().payload))


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_neither_job_nor_message(enqueue: Callable[..., Job]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue()
        raise ZeroDivisionError
    assert queued_ids() == []
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_second_request_for_the_same_subject_returns_the_active_job(enqueue: Callable[..., Job]) -> None:
    subject_id = uuid4()
    first = enqueue(subject_id=subject_id, payload={"n": 1})
    ledger.claim(first.pk, uuid4())
    second = enqueue(subject_id=subject_id, payload={"n": 2})
    assert second.pk == first.pk
    assert second.payload == {"n": 1}


@pytest.mark.django_db
def test_a_subject_whose_job_has_ended_can_have_another(enqueue: Callable[..., Job]) -> None:
    subject_id = uuid4()
    first = enqueue(subject_id=subject_id)
    ledger.end_queued(first.pk, Job.State.CANCELLED)
    assert enqueue(subject_id=subject_id).pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_the_same_moment_make_one_job(enqueue: Callable[..., Job], engineer: User) -> None:
    subject_id = uuid4()
    ids: list[object] = []

    def second() -> None:
        try:
            ids.append(enqueue(subject_id=subject_id).pk)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        ids.append(enqueue(subject_id=subject_id).pk)
        # The second one finds no committed job and then waits on the constraint until this transaction ends.
        thread.start()
    thread.join(timeout=10)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert len(queued_ids()) == 1


@pytest.mark.django_db
def test_the_handler_says_how_often_a_job_is_tried(enqueue: Callable[..., Job]) -> None:
    assert enqueue().max_attempts == 2


@pytest.mark.django_db
def test_a_kind_that_nobody_handles_is_refused(engineer: User) -> None:
    with pytest.raises(LookupError, match=r"nobody\.does"):
        job_enqueue(kind="nobody.does", subject_kind="probe", subject_id=uuid4(), requested_by=engineer)


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_cannot_be_reached_costs_neither_the_request_nor_the_job(
    enqueue: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("apps.jobs.services.queue.async_task", unreachable)
    job = enqueue()
    assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED
