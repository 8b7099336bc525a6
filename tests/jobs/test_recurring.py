"""Jobs that nobody asks for begin when they are due, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from apps.core.clock import now
from apps.governance.models import AuditEvent
from apps.governance.services import audit_record
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.registry import handlers_recurring
from apps.jobs.runner import job_execute
from apps.jobs.services import Due, jobs_due_begin
from apps.jobs.types import PLATFORM_ID, PLATFORM_KIND

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"
    return settings.NOFX_AUDIT_ANCHORS


def test_each_begins_once_in_its_time():
    kinds = {handler.kind for handler in handlers_recurring() if handler.every}
    assert "records.verify" in kinds
    assert jobs_due_begin(at=now()) == len(kinds)
    assert jobs_due_begin(at=now()) == 0
    Job.objects.filter(kind="records.verify").update(state="succeeded", created_at=Now() - timedelta(hours=23))
    assert jobs_due_begin(at=now()) == 0
    Job.objects.filter(kind="records.verify").update(created_at=Now() - timedelta(hours=25))
    assert jobs_due_begin(at=now()) == 1


def test_one_that_waits_for_a_worker_is_not_begun_again():
    jobs_due_begin(at=now())
    Job.objects.update(created_at=Now() - timedelta(days=3))
    jobs_due_begin(at=now())
    assert Job.objects.filter(kind="records.verify").count() == 1


def test_each_subject_that_is_due_gets_one_job_and_a_kind_that_cannot_say_holds_up_no_other(handle, caplog):
    subject, asked = uuid4(), []

    def due(at):
        asked.append(at)
        return [Due("probe", subject, {"day": "monday"})]

    handle(lambda run: None, kind="probe.broken", due=lambda at: 1 / 0)
    handle(lambda run: None, due=due)
    moment = now()
    for _ in range(2):
        jobs_due_begin(at=moment)
    job = Job.objects.get(kind="probe.work")
    assert (job.subject_kind, job.subject_id, job.payload) == ("probe", subject, {"day": "monday"})
    assert set(asked) == {moment}
    assert "What is due of probe.broken could not be begun." in caplog.text


def test_a_kind_is_due_in_one_way(handle):
    with pytest.raises(ValueError, match="not by both"):
        handle(lambda run: None, every=timedelta(days=1), due=lambda at: [])


def verify_now() -> Job:
    jobs_due_begin(at=now())
    job = Job.objects.get(kind="records.verify", state="queued")
    job_execute(job.pk)
    job.refresh_from_db()
    return job


def test_the_chain_is_verified_and_anchored_every_day(folder):
    audit_record(action="a", object_kind="k", object_id=1, actor=None)
    assert verify_now().state == "succeeded"
    assert list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True)) == [
        "a",
        "audit.verify",
        "audit.anchor",
    ]
    assert len(list(folder.iterdir())) == 1


def test_a_broken_chain_fails_the_job_with_a_sentence(folder, django_user_model):
    folder.mkdir()
    (folder / "audit-2026-01-01.jsonl").write_text("nonsense")
    job = verify_now()
    assert (job.state, job.error_message) == (
        "failed",
        "The anchor audit-2026-01-01.jsonl cannot be read: it is not the line of JSON that an anchor is.",
    )
    assert AuditEvent.objects.get(action="audit.verify").outcome == "failed"


def test_auditors_of_an_organisation_see_what_the_platform_does(client, django_user_model):
    jobs_due_begin(at=now())
    job = Job.objects.get(kind="records.verify")
    assert (job.subject_kind, job.subject_id) == (PLATFORM_KIND, PLATFORM_ID)
    client.force_login(django_user_model.objects.create_user("root", is_superuser=True))
    assert client.get(f"/jobs/{job.pk}").status_code == 200
    client.force_login(django_user_model.objects.create_user(str(Role.ENGINEER)))
    assert client.get(f"/jobs/{job.pk}").status_code == 404
