"""A job's page, its status inside other pages, and the stop button."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import User
from apps.jobs import ledger
from apps.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subject_checks")]

Enqueue = Callable[..., Job]


@pytest.fixture(autouse=True)
def handler(handle: Callable[..., None]) -> None:
    handle(lambda run: None)


@pytest.fixture
def browser(engineer: User) -> Client:
    client = Client()
    client.force_login(engineer)
    return client


def test_the_page_shows_state_stage_and_a_way_to_stop(browser: Client, enqueue: Enqueue) -> None:
    job = enqueue()
    ledger.claim(job.pk, claim := uuid4())
    ledger.progress(job.pk, claim, "writing_tests", {"done": 1})
    page = browser.get(reverse("jobs:job-detail", args=[job.pk])).content.decode()
    assert "<td>writing tests</td>" in page and "writing_tests" not in page
    assert reverse("jobs:cancel", args=[job.pk]) in page
    assert f'data-live-job="{job.pk}"' in page


def test_htmx_gets_the_status_alone(browser: Client, enqueue: Enqueue) -> None:
    answer = browser.get(reverse("jobs:job-detail", args=[enqueue().pk]), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith("<div")


def test_a_failed_job_says_what_to_do_and_cannot_be_stopped(browser: Client, enqueue: Enqueue) -> None:
    job = enqueue()
    ledger.end_queued(job.pk, Job.State.FAILED, message="No <b>model</b> is ready.", remedy="Fetch one.")
    page = browser.get(reverse("jobs:job-detail", args=[job.pk])).content.decode()
    assert "No &lt;b&gt;model&lt;/b&gt; is ready." in page
    assert "Fetch one." in page
    assert reverse("jobs:cancel", args=[job.pk]) not in page


def test_stopping_returns_to_where_the_person_was(browser: Client, enqueue: Enqueue) -> None:
    job = enqueue()
    answer = browser.post(reverse("jobs:cancel", args=[job.pk]), {"next": "/requests"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/requests")
    assert Job.objects.get(pk=job.pk).state == "cancelled"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_stopping_never_leads_to_another_site(browser: Client, enqueue: Enqueue, elsewhere: str) -> None:
    job = enqueue()
    answer = browser.post(reverse("jobs:cancel", args=[job.pk]), {"next": elsewhere})
    assert answer.headers["Location"] == reverse("jobs:job-detail", args=[job.pk])


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_no_job(stranger: User, enqueue: Enqueue, method: str) -> None:
    job = enqueue()
    client = Client()
    client.force_login(stranger)
    name = "jobs:job-detail" if method == "get" else "jobs:cancel"
    assert getattr(client, method)(reverse(name, args=[job.pk])).status_code == 404
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_visitor_is_asked_to_sign_in(client: Client, enqueue: Enqueue) -> None:
    for method, name in (("get", "jobs:job-detail"), ("post", "jobs:cancel")):
        answer = getattr(client, method)(reverse(name, args=[enqueue().pk]))
        assert answer.status_code == 302
        assert reverse("login") in answer.headers["Location"]


def test_a_job_is_not_stopped_by_following_a_link(browser: Client, enqueue: Enqueue) -> None:
    assert browser.get(reverse("jobs:cancel", args=[enqueue().pk])).status_code == 405


def test_a_long_history_takes_no_more_queries_than_a_short_one(browser: Client, enqueue: Enqueue) -> None:
    jobs = [enqueue(), enqueue()]
    for job, count in zip(jobs, (1, 20), strict=True):
        ledger.claim(job.pk, claim := uuid4())
        for number in range(count):
            ledger.progress(job.pk, claim, f"step {number}", {})
    counts = []
    for job in jobs:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(reverse("jobs:job-detail", args=[job.pk])).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_admin_site_lists_jobs_and_stops_them_through_the_service(admin_client: Client, enqueue: Enqueue) -> None:
    job = enqueue()
    url = reverse("admin:jobs_job_changelist")
    assert job.kind in admin_client.get(url).content.decode()
    admin_client.post(url, {"action": "stop", "_selected_action": [str(job.pk)]})
    assert Job.objects.get(pk=job.pk).state == "cancelled"
    assert admin_client.get(reverse("admin:jobs_jobevent_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:jobs_job_delete", args=[job.pk])).status_code == 403
