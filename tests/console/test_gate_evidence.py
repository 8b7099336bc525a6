"""The job that reads a gate's evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.flows.gates import EVIDENCE_DUE_JOB, EVIDENCE_JOB, evidence_request
from apps.core.clock import now
from apps.governance.models import Gate, GateReading
from apps.governance.services.gates import evidence_read, gate_open, gate_withdraw
from apps.governance.services.gates.evidence import EVIDENCE_EVERY
from apps.jobs.models import Job
from apps.jobs.registry import handlers_recurring
from apps.jobs.runner import job_execute
from apps.jobs.selectors import job_is_readable
from apps.jobs.services import job_enqueue
from apps.jobs.types import PLATFORM_ID, PLATFORM_KIND
from tests.governance.committee import NONE, acme_committee
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committee(transactional_db, monkeypatch):
    return acme_committee(monkeypatch)


def refresh(user, gate):
    return signed_in(user).post(reverse("console:gate-refresh", args=[gate.pk]))


def test_asking_twice_reads_once_and_the_page_follows_the_job(committee):
    gate = committee.request()
    assert refresh(committee.chair, gate).status_code == 302
    assert refresh(committee.lead, gate).status_code == 302
    job = Job.objects.get(kind=EVIDENCE_JOB)
    gate.refresh_from_db()
    assert gate.refresh_job == job.pk
    assert job_is_readable(committee.people["legal"], job)
    job_execute(job.pk)
    job.refresh_from_db()
    gate.refresh_from_db()
    assert (job.state, gate.refresh_job, gate.evidence_batch) == ("succeeded", None, 1)
    assert GateReading.objects.filter(gate=gate).count() == 14


def test_a_source_that_is_down_does_not_fail_the_job(committee):
    committee.figures.said["quality.flake_rate"] = "The runner is away."
    gate = committee.request()
    job = evidence_request(gate_id=gate.pk, requested_by=committee.chair)
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert GateReading.objects.get(gate=gate, key="flakes").error == "The runner is away."


def test_a_gate_that_was_withdrawn_meanwhile_fails_the_job_with_its_reason(committee):
    gate = committee.request()
    job = evidence_request(gate_id=gate.pk, requested_by=committee.chair)
    gate_withdraw(gate_id=gate.pk, reason="Later.", actor=committee.chair, is_interactive=True)
    job_execute(job.pk)
    job.refresh_from_db()
    gate.refresh_from_db()
    assert (job.state, gate.refresh_job) == ("failed", None)
    assert "withdrawn" in str(job.error)


def look():
    """Do what the workers do by themselves when it is time, and return the gates that they found."""
    platform = job_enqueue(kind=EVIDENCE_DUE_JOB, subject_kind=PLATFORM_KIND, subject_id=PLATFORM_ID, requested_by=None)
    job_execute(platform.pk)
    return sorted(Job.objects.filter(kind=EVIDENCE_JOB, state="queued").values_list("subject_id", flat=True))


def test_workers_look_for_gates_that_are_due_by_themselves():
    assert EVIDENCE_DUE_JOB in {handler.kind for handler in handlers_recurring()}


def test_evidence_is_read_every_six_hours_without_a_person_until_it_is_frozen(committee):
    new, voting, fresh, late, gone = (
        committee.request(title=name) for name in ("new", "voting", "fresh", "late", "gone")
    )
    moment = now()
    Gate.objects.filter(pk=fresh.pk).update(evidence_read_at=moment - timedelta(hours=5))
    Gate.objects.filter(pk=late.pk).update(evidence_read_at=moment - timedelta(hours=6))
    gate_withdraw(gate_id=gone.pk, reason="Later.", actor=committee.chair, is_interactive=True)
    committee.seat(voting)
    evidence_read(gate_id=voting.pk, asked_by=None)
    gate_open(gate_id=voting.pk, actor=committee.chair, is_interactive=True)
    Gate.objects.filter(pk=voting.pk).update(evidence_read_at=moment - timedelta(hours=30))
    assert look() == sorted([new.pk, late.pk])
    assert look() == sorted([new.pk, late.pk])
    for job in Job.objects.filter(kind=EVIDENCE_JOB):
        job_execute(job.pk)
    late.refresh_from_db()
    assert late.evidence_batch == 1 and late.refresh_job is None
    assert look() == []


def test_a_stale_row_says_when_it_is_read_again(committee):
    committee.figures.said["quality.flake_rate"] = replace(NONE, as_of=now() - timedelta(days=40))
    gate = committee.request()
    client = Client()
    client.force_login(committee.chair)
    url = reverse("governance:gate-detail", args=[gate.pk])
    assert "within a quarter of an hour" in client.get(url).content.decode()
    evidence_read(gate_id=gate.pk, asked_by=None)
    gate.refresh_from_db()
    next_at = f"{gate.evidence_read_at + EVIDENCE_EVERY:%Y-%m-%d %H:%M}"
    html = client.get(url).content.decode()
    assert f"It is read again about {next_at} UTC" in html and f"next by itself about {next_at} UTC" in html


def test_others_do_not_have_it_read(committee):
    gate = committee.request()
    outsider = committee.people["legal"]
    assert refresh(outsider, gate).status_code == 403
    outsider.role_assignments.all().delete()
    assert refresh(outsider, gate).status_code == 404
    assert not Job.objects.exists()
