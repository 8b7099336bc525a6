"""Review depth in a browser: what was in view is counted, what was not is not, and nothing without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from apps.generation.models import CodeGenerationRequest, ReviewCount
from apps.generation.services.group_counts import depth_count
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.shop import work_off
from tests.viewed import approval_cast, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STEP = '\n\ndef _step_{k}(value: int) -> int:\n    """Return the step."""\n    return value * {k}\n'
LONG = f"{RIGHT.removesuffix('```')}{''.join(STEP.format(k=k) for k in range(40))}```"
FIELD = "input[data-depth]"
VALUE = f"document.querySelector('{FIELD}').value"


@pytest.fixture
def long_request(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    server.answers([LONG])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return request


def test_lines_count_once_they_were_in_view_for_a_while_and_are_remembered_over_a_reload(
    long_request: CodeGenerationRequest, page: Page, sign_in: Any, reviewer: User
) -> None:
    look_at(long_request.run, reviewer)
    sign_in(reviewer)
    page.set_viewport_size({"width": 1440, "height": 300})
    page.goto(f"/requests/{long_request.pk}/review")
    expect(page.locator(FIELD)).to_have_value("0")
    page.locator("#pane-a").scroll_into_view_if_needed()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(FIELD)).not_to_have_value("0")
    seen = int(page.evaluate(VALUE))
    assert 0 < seen < 60
    page.evaluate("window.scrollTo(0, 0)")
    page.reload()
    assert int(page.evaluate(VALUE)) >= seen
    page.get_by_text("Show the whole patch").click()
    page.locator("[data-depth-patch]").scroll_into_view_if_needed()
    pane = page.locator("#pane-a .code__scroll")
    for step in range(60):  # a busy machine may not let each step be seen long enough: then once more from the top
        if page.evaluate(VALUE) == "100":
            break
        move = "element.scrollBy(0, 400)" if step % 12 else "element.scrollTo(0, 0)"
        pane.evaluate(f"(element) => {{ element.scrollIntoView(); {move}; }}")
        page.wait_for_timeout(500)
    expect(page.locator(FIELD)).to_have_value("100")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Which would you take?").select_option("A")
    approval_cast(page)
    expect(page.get_by_text("Your verdict is recorded.")).to_be_visible()
    assert [(row.value, row.reviews) for row in ReviewCount.objects.filter(measure="depth")] == [(9, 1)]


def test_the_patch_as_a_whole_counts_the_same_lines(
    long_request: CodeGenerationRequest, page: Page, sign_in: Any, reviewer: User
) -> None:
    sign_in(reviewer)
    page.goto(f"/requests/{long_request.pk}/review?requirement=R1")
    page.evaluate("document.querySelector('#pane-a').hidden = true")
    page.evaluate("document.querySelector('#pane-a').style.display = 'none'")
    page.get_by_text("Show the whole patch").click()
    block = page.locator("[data-depth-patch] .code__scroll")
    block.evaluate("(element) => { element.style.maxHeight = '80vh'; }")
    for _ in range(12):
        block.evaluate("(element) => { element.scrollIntoView(); element.scrollBy(0, 400); }")
        page.wait_for_timeout(500)
    expect(page.locator(FIELD)).to_have_value("100")


def test_too_small_to_read_is_not_seen(
    long_request: CodeGenerationRequest, page: Page, sign_in: Any, reviewer: User
) -> None:
    sign_in(reviewer)
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " const style = new CSSStyleSheet(); style.replaceSync('.code__scroll { font-size: 6px !important }');"
        " document.adoptedStyleSheets = [style]; })"
    )
    page.goto(f"/requests/{long_request.pk}/review")
    page.locator("#pane-a .code__scroll").scroll_into_view_if_needed()
    page.wait_for_timeout(900)
    expect(page.locator(FIELD)).to_have_value("0")


def test_without_scripts_nothing_is_measured(
    long_request: CodeGenerationRequest, browser: Browser, live_url: str, reviewer: User
) -> None:
    context = browser.new_context(base_url=live_url, java_script_enabled=False)
    look_at(long_request.run, reviewer)
    client = Client()
    client.force_login(reviewer)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_url}])
    page = context.new_page()
    page.goto(f"/requests/{long_request.pk}/review")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Which would you take?").select_option("A")
    approval_cast(page)
    expect(page.get_by_text("who wrote which is shown after your verdict")).to_have_count(0)
    context.close()
    assert [(row.value, row.reviews) for row in ReviewCount.objects.filter(measure="depth")] == [(None, 1)]


def test_the_page_of_review_depth_is_accessible_and_fits_a_narrow_window(
    repository: Repository,
    reviewer: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
) -> None:
    sign_in(reviewer)
    page.goto("/requests/depth")
    expect(page.get_by_text("0 of 10 reviews needed")).to_have_count(2)
    screenshot(f"depth-empty-{both_themes}")
    axe(page)
    for percent in (100, 95, 92, 90, 88, 75, 71, None, 40, 30, 5):
        depth_count(repository=repository, percent=percent)
    page.goto("/requests/depth")
    expect(page.locator("#depth .js-plotly-plot, #depth .main-svg").first).to_be_visible()
    screenshot(f"depth-{both_themes}")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(page.locator("#depth .main-svg").first).to_be_visible()
    screenshot(f"depth-390-{both_themes}")
    assert overflow() == 0
