"""What people are told, what they choose, and what the platform says of itself, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.jobs.models import Kind, NotificationChoice, NotificationMute, QueueBeat
from apps.jobs.services.beats import queue_beat
from apps.jobs.services.notifications import Notice, people_notify

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Submit = Callable[..., CodeGenerationRequest]
NEWS = "Keep values in range waits for your verdict"


@pytest.fixture
def told(submit: Submit, reviewer: User) -> CodeGenerationRequest:
    """A request whose review waits for a reviewer, who was told."""
    request = submit("Write `def f(x: int) -> int`.\n\n>>> f(1)\n1\n", title="Keep values in range")
    people_notify(
        Notice(
            Kind.YOUR_TURN,
            "request",
            str(request.pk),
            NEWS,
            [reviewer.pk],
            url=f"/requests/{request.pk}",
            scope=request.run.repository.scope,
        )
    )
    return request


def test_news_arrives_is_opened_and_marked_and_all_of_it_can_be_taken_back(
    told: CodeGenerationRequest, reviewer: User, page: Page, sign_in: Any, axe: Any, screenshot: Any
) -> None:
    sign_in(reviewer)
    page.goto("/")
    page.get_by_role("link", name="Inbox: 1 to read").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    axe(page)
    screenshot("inbox")
    page.get_by_role("button", name=NEWS, exact=True).click()
    page.wait_for_url(f"**/requests/{told.pk}")
    expect(page.get_by_role("link", name="Inbox", exact=True)).to_be_visible()

    page.goto("/inbox")
    expect(page.get_by_text("Nothing to read")).to_be_visible()
    axe(page)
    page.goto("/inbox?show=all")
    page.get_by_role("button", name=re.compile(f"^Unread.*{NEWS}")).click()
    expect(page.get_by_role("link", name="Inbox: 1 to read")).to_be_visible()
    page.get_by_role("button", name=re.compile(f"^Read.*{NEWS}")).click()
    expect(page.get_by_role("button", name=re.compile(f"^Unread.*{NEWS}"))).to_be_visible()

    page.get_by_role("button", name=re.compile(f"^Mute.*{NEWS}")).click()
    assert NotificationMute.objects.filter(user=reviewer).count() == 1
    page.goto("/settings/notifications")
    page.get_by_role("button", name="Hear about it again").click()
    expect(page.get_by_text("You muted nothing.")).to_be_visible()
    assert not NotificationMute.objects.exists()


def test_a_choice_is_found_from_the_settings_and_kept(
    reviewer: User, page: Page, sign_in: Any, axe: Any, overflow: Callable[[], int], screenshot: Any
) -> None:
    sign_in(reviewer)
    page.goto("/settings")
    axe(page)
    assert overflow() <= 0
    screenshot("settings-narrow")
    page.get_by_role("main").get_by_role("link", name="Notifications", exact=True).click()
    page.wait_for_url("**/settings/notifications")
    axe(page)
    assert overflow() <= 0
    choice = page.locator("select[name=your_turn]")
    choice.select_option("never")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    page.reload()
    expect(page.locator("select[name=your_turn]")).to_have_value("never")
    assert NotificationChoice.objects.get(user=reviewer, kind="your_turn").mail == "never"


def test_the_status_says_that_the_worker_stopped_and_what_to_do(
    page: Page, sign_in: Any, axe: Any, both_themes: str, overflow: Callable[[], int], screenshot: Any
) -> None:
    sign_in(User.objects.create_user("adam", password="correct horse battery", is_staff=True))
    queue_beat()
    page.goto("/status")
    workers = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Workers"))
    expect(workers).to_contain_text("at work")
    expect(workers).to_contain_text("well")

    QueueBeat.objects.update(beat_at=now() - timedelta(minutes=5))
    page.reload()
    expect(workers).to_contain_text("not well")
    expect(workers).to_contain_text("No process of the queue lives, so nothing is worked on.")
    expect(workers).to_contain_text("Start the queue")
    expect(page.locator(".page-header")).to_contain_text("not well")
    axe(page)
    assert overflow() <= 0
    screenshot(f"status-stopped-{both_themes}")
