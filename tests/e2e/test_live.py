"""Live pages: an event reaches the page, a lost connection loses nothing, and without a socket the page still moves."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.governance.models import User
from apps.jobs import ledger, registry
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONNECTED = ".live[data-connection='live']"


@pytest.fixture
def running_job(monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[User], None]) -> Job:
    """A job of the person who is signed in, claimed by a worker that this test plays."""
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
    registry.job_handler("probe.live", timeout_s=60, max_attempts=1)(lambda run: None)
    person = User.objects.create_user("mara")
    sign_in(person)
    job = job_enqueue(kind="probe.live", subject_kind="probe", subject_id=uuid4(), requested_by=person)
    assert ledger.claim(job.pk, uuid4())
    job.refresh_from_db()
    return job


def progress(job: Job, stage: str) -> None:
    assert job.claim is not None
    ledger.progress(job.pk, job.claim, stage, {})


def test_an_event_reaches_the_page_without_a_reload(page: Page, running_job: Job) -> None:
    page.goto(f"/jobs/{running_job.pk}")
    expect(page.locator(CONNECTED)).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    progress(running_job, "checking")
    expect(page.locator("[data-live-job]")).to_contain_text("checking", timeout=3_000)
    expect(page.locator("#live-summary")).to_have_text("Now: checking")
    assert page.evaluate("window.neverReloaded") is True


def test_events_in_quick_succession_end_at_the_last_one(page: Page, running_job: Job) -> None:
    page.goto(f"/jobs/{running_job.pk}")
    expect(page.locator(CONNECTED)).to_be_visible()
    for number in range(1, 21):
        progress(running_job, f"step {number:02}")
    expect(page.locator("[data-live-job]")).to_contain_text("step 20", timeout=5_000)


@pytest.mark.bar(10)
def test_a_page_that_lost_its_connection_asks_for_what_it_missed(page: Page, running_job: Job) -> None:
    addresses: list[str] = []
    sockets: list[WebSocketRoute] = []

    def remember(socket: WebSocketRoute) -> None:
        addresses.append(socket.url)
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/ws/jobs/**", remember)
    page.goto(f"/jobs/{running_job.pk}")
    expect(page.locator(CONNECTED)).to_be_visible()
    progress(running_job, "first")
    expect(page.locator("[data-live-job]")).to_contain_text("first")
    sockets[0].close(code=1012)
    progress(running_job, "second")
    expect(page.locator("[data-live-job]")).to_contain_text("second", timeout=5_000)
    assert addresses[0].endswith("since=1")
    assert addresses[1].endswith("since=2")


def test_without_a_socket_the_page_asks_every_ten_seconds(page: Page, running_job: Job) -> None:
    page.clock.install()
    page.route_web_socket("**/ws/jobs/**", lambda socket: socket.close(code=1011))
    page.goto(f"/jobs/{running_job.pk}")
    expect(page.locator("[data-live-text]")).to_contain_text("every 10 s")
    progress(running_job, "checking")
    page.clock.fast_forward(10_500)
    expect(page.locator("[data-live-job]")).to_contain_text("checking")
