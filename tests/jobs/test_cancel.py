"""Who may see and stop a job."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_q.models import OrmQ

from apps.core.errors import NotFound, PermissionRefused
from apps.governance.models import AuditEvent, User
from apps.jobs import runner, selectors
from apps.jobs.models import Job
from apps.jobs.services import job_cancel, job_subject_access, job_subject_stop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subject_checks")]

Enqueue = Callable[..., Job]


@pytest.fixture(autouse=True)
def handler(handle: Callable[..., None]) -> None:
    handle(lambda run: None)


def test_a_queued_job_ends_at_once_and_its_message_does_nothing(enqueue: Enqueue, engineer: User) -> None:
    job = job_cancel(job_id=enqueue().pk, actor=engineer)
    assert job.state == "cancelled"
    assert runner.job_execute(job.pk) == "not queued"
    assert AuditEvent.objects.get(action="job.cancel").actor_id == str(engineer.pk)


def test_an_ended_job_stays_as_it_is(enqueue: Enqueue, engineer: User) -> None:
    job = job_cancel(job_id=enqueue().pk, actor=engineer)
    assert job_cancel(job_id=job.pk, actor=engineer).sequence == job.sequence
    assert AuditEvent.objects.filter(action="job.cancel").count() == 1


def test_a_stranger_is_told_that_there_is_no_such_job(enqueue: Enqueue, stranger: User) -> None:
    job = enqueue()
    with pytest.raises(NotFound):
        job_cancel(job_id=job.pk, actor=stranger)
    with pytest.raises(NotFound):
        selectors.job_get(job_id=job.pk, user=stranger)


def test_a_reader_of_the_subject_sees_the_job_and_may_not_stop_it(enqueue: Enqueue, stranger: User) -> None:
    job_subject_access("probe")(lambda user, subject_id: True)
    job = enqueue()
    assert selectors.job_get(job_id=job.pk, user=stranger) == job
    with pytest.raises(PermissionRefused):
        job_cancel(job_id=job.pk, actor=stranger)


def test_whom_the_subject_names_may_stop_the_job(enqueue: Enqueue, stranger: User) -> None:
    job_subject_stop("probe")(lambda user, subject_id: user == stranger)
    assert job_cancel(job_id=enqueue().pk, actor=stranger).state == "cancelled"


def test_a_requester_who_lost_sight_of_the_subject_no_longer_sees_the_job(enqueue: Enqueue, engineer: User) -> None:
    job = enqueue()
    assert selectors.jobs_visible_to(engineer) == [job]
    job_subject_access("probe")(lambda user, subject_id: False)
    assert selectors.jobs_visible_to(engineer) == []
    with pytest.raises(NotFound):
        selectors.job_get(job_id=job.pk, user=engineer)


def test_a_deactivated_person_sees_nothing(enqueue: Enqueue, engineer: User) -> None:
    job = enqueue()
    engineer.is_active = False
    assert not selectors.job_is_readable(engineer, job)
    assert not selectors.job_is_stoppable(engineer, job)


def test_the_newest_job_of_a_subject_is_found(enqueue: Enqueue, engineer: User) -> None:
    first = job_cancel(job_id=enqueue().pk, actor=engineer)
    second = enqueue(subject_id=first.subject_id)
    Job.objects.filter(pk=first.pk).update(created_at="2026-01-01T00:00:00Z")
    assert selectors.job_latest(subject_kind="probe", subject_id=first.subject_id) == second
    assert OrmQ.objects.count() == 0
