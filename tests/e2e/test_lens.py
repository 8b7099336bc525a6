"""The requirement lens in a browser: by link and by key, in both themes and down to the narrowest window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_lens import HALF, RIGHT, WRONG
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def request_in_review(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    server.answers([RIGHT, WRONG, RIGHT])
    request = submit(HALF, title="Halve")
    work_off(request)
    return request


def test_the_key_q_goes_from_one_requirement_to_the_next(
    request_in_review: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    reviewer: User,
) -> None:
    sign_in(reviewer)
    page.goto(f"/requests/{request_in_review.pk}/review")
    page.keyboard.press("q")
    expect(page.get_by_role("heading", name="Requirement R1")).to_be_in_viewport()
    screenshot(f"lens-{both_themes}")
    axe(page)
    page.keyboard.press("q")
    expect(page.get_by_role("heading", name="Requirement R2")).to_be_in_viewport()
    page.get_by_role("link", name="Requirement R1").click()
    expect(page.get_by_role("heading", name="Requirement R1")).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#lens").scroll_into_view_if_needed()
    screenshot(f"lens-390-{both_themes}")
    assert overflow() == 0
    axe(page)
