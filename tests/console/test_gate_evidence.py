"""The job that reads a gate's evidence."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.flows.gates import EVIDENCE_JOB, evidence_request
from apps.governance.models import GateReading
from apps.governance.services import scope_create
from apps.governance.services.gates import gate_withdraw
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.selectors import job_is_readable
from tests.governance.committee import Figures, committee_make, measures_replaced

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committee(transactional_db, monkeypatch):
    figures = Figures()
    measures_replaced(figures, monkeypatch)
    places = [scope_create(organisation="Acme", repository=name, created_by=None) for name in ("", "shop", "billing")]
    return committee_make(*places, figures)


def refresh(user, gate):
    client = Client()
    client.force_login(user)
    return client.post(reverse("console:gate-refresh", args=[gate.pk]))


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


def test_others_do_not_have_it_read(committee):
    gate = committee.request()
    outsider = committee.people["legal"]
    assert refresh(outsider, gate).status_code == 403
    outsider.role_assignments.all().delete()
    assert refresh(outsider, gate).status_code == 404
    assert not Job.objects.exists()
