"""The keys and folds of a request's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, UNPARSABLE
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def failed(submit: Submit, provider: Provider, server: FaultServer) -> CodeGenerationRequest:
    server.answers([UNPARSABLE])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return request


def test_keys_reach_stages_and_the_log(
    failed: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    engineer: User,
) -> None:
    sign_in(engineer)
    page.goto(f"/requests/{failed.pk}")
    expect(page.locator("#stage-generating")).to_be_visible()
    expect(page.locator("#stage-queued")).to_be_hidden()
    page.keyboard.press("2")
    expect(page.locator("#stage-queued")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#log")).to_contain_text("test-model was asked")
    page.keyboard.press("l")
    expect(page.locator("[data-follow]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts-sheet")
    for words in ("Generating", "Milestones", "Follow"):
        expect(sheet).to_contain_text(words)
    page.keyboard.press("Escape")
    assert overflow() == 0
    axe(page)


def test_stopping_needs_two_steps(submit: Submit, provider: Provider, page: Page, sign_in: Any, engineer: User) -> None:
    request = submit(CLAMP, title="Keep values in range")
    sign_in(engineer)
    page.goto(f"/requests/{request.pk}")
    page.keyboard.press("s")
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    request.refresh_from_db()
    assert request.status == "cancelled"
