"""The review page in a browser: keys, ticks, comments and the second page of an approval."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from apps.generation.models import CodeGenerationRequest, ReviewThread, ViewedFile
from apps.governance.models import Ballot, User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import work_off
from tests.viewed import approval_cast, tick_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VERDICT = 'input[name="verdict"][value="approve"]'


@pytest.fixture
def in_review(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    server.answers([WRONG, RIGHT])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return request


def test_a_review_by_keys(
    in_review: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    reviewer: User,
) -> None:
    sign_in(reviewer)
    page.goto(f"/requests/{in_review.pk}/review?show=A,B")
    expect(page.locator(VERDICT)).to_be_disabled()
    page.keyboard.press("2")
    expect(page.locator("#pane-b .code__scroll")).to_be_focused()
    page.keyboard.press("v")
    expect(page.locator("#tick-b")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#tick-a")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("v")
    expect(page.locator("#tick-b")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("2")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(page.locator("#pane-b .line.is-cursor")).to_have_attribute("data-n", "2")
    page.keyboard.press("c")
    expect(page.get_by_label("Comment", exact=True)).to_be_focused()
    expect(page.get_by_label("About")).to_have_value("B")
    expect(page.get_by_label("Line")).to_have_value("2")
    page.keyboard.type("v j ] Why so?")
    page.get_by_label("This is an issue").check()
    page.get_by_label("Comment", exact=True).press("Control+Enter")
    expect(page.locator(".thread")).to_contain_text("v j ] Why so?")
    assert ReviewThread.objects.get().line == 2
    expect(page.locator("#pane-b .line.has-thread")).to_have_attribute("data-n", "2")
    page.wait_for_load_state()
    page.locator("h1").click()
    page.keyboard.press("N")
    expect(page.locator(".thread")).to_be_focused()
    screenshot(f"review-thread-{both_themes}")
    axe(page)
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("1 resolved thread")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("]")
    page.wait_for_url("**file=*")
    page.keyboard.press("[")
    page.wait_for_url(re.compile("^(?!.*file=docs)"))
    page.keyboard.press("d")
    page.wait_for_url("**only=differing*")
    expect(page.get_by_role("link", name="Only what differs")).to_have_attribute("aria-current", "true")
    page.keyboard.press("m")
    expect(page.locator(".pane")).to_have_count(1)
    page.wait_for_load_state()
    page.keyboard.press("V")
    expect(page.get_by_role("heading", name="Your verdict")).to_be_in_viewport()
    page.keyboard.press("?")
    for words in ("Next file", "Next thread", "Comment", "Evidence", "Behaviour", "Go to your verdict"):
        expect(page.locator("[data-page-shortcuts]").get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/requests/{in_review.pk}/review?show=A,B")
    screenshot(f"review-390-{both_themes}")
    cut = "titles => titles.filter(title => title.scrollWidth > title.clientWidth).map(title => title.textContent)"
    assert page.locator(".pane__title").evaluate_all(cut) == []
    assert overflow() == 0
    axe(page)


def test_an_approval_waits_for_ticks_and_is_confirmed(
    in_review: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    reviewer: User,
) -> None:
    sign_in(reviewer)
    page.goto(f"/requests/{in_review.pk}/review")
    screenshot(f"review-top-{both_themes}")
    page.locator("#code").scroll_into_view_if_needed()
    tick_all(page)
    expect(page.locator(VERDICT)).to_be_enabled()
    page.locator("#code").scroll_into_view_if_needed()
    screenshot(f"review-ticked-{both_themes}")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Which would you take?").select_option("Tie")
    page.get_by_label("Why", exact=True).fill("Short and right.")
    page.get_by_role("button", name="Cast verdict").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Approve [AB][?]$"))
    expect(page.get_by_text("3 of 3")).to_be_visible()
    screenshot(f"review-confirm-{both_themes}")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"review-confirm-390-{both_themes}")
    assert overflow() == 0
    assert not Ballot.objects.exists()
    page.get_by_role("button", name="Go back and change it").click()
    expect(page.get_by_label("Why", exact=True)).to_have_value("Short and right.")
    approval_cast(page)
    expect(page.get_by_role("table", name="Verdicts", exact=True)).to_be_visible()
    assert Ballot.objects.get().verdict == "approve"


def test_without_scripts_files_are_ticked_and_an_approval_is_confirmed(
    in_review: CodeGenerationRequest, browser: Browser, live_url: str, reviewer: User
) -> None:
    context = browser.new_context(base_url=live_url, java_script_enabled=False)
    client = Client()
    client.force_login(reviewer)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_url}])
    page = context.new_page()
    page.goto(f"/requests/{in_review.pk}/review")
    tick_all(page)
    assert ViewedFile.objects.count() == 3
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Which would you take?").select_option("Tie")
    approval_cast(page)
    expect(page.get_by_text("who wrote which is shown after your verdict")).to_have_count(0)
    context.close()
    assert Ballot.objects.get().verdict == "approve"
