"""A candidate that is wrong on purpose, in a browser: like any other before the verdict, told after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.governance.models import User
from tests.generation.test_canaries import Made, lead, made
from tests.viewed import approval_cast, look_at

__all__ = ["lead", "made"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_looks_like_any_other_until_the_verdict(
    made: Made,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    reviewer: User,
) -> None:
    run = made()
    look_at(run, reviewer)
    sign_in(reviewer)
    page.goto(f"/requests/{run.pk}/review?show=A,B,C")
    expect(page.get_by_text("Shortest input on which they differ")).to_be_visible()
    screenshot(f"canary-before-{both_themes}")
    axe(page)
    page.get_by_label("Which would you take?").select_option("None is acceptable")
    page.get_by_role("radio", name="Approve", exact=True).check()
    approval_cast(page)
    expect(page.get_by_text("was made wrong on purpose")).to_be_visible()
    screenshot(f"canary-after-{both_themes}")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"canary-after-390-{both_themes}")
    assert overflow() == 0


def test_the_share_is_set_on_the_page_of_review_depth(
    page: Page,
    repository: object,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    lead: User,
) -> None:
    sign_in(lead)
    page.goto("/requests/depth")
    page.get_by_label("Share of requests, in percent").fill("10")
    page.get_by_role("button", name="Set the share").click()
    expect(page.get_by_text("0 of 10 reviews needed")).to_have_count(3)
    screenshot(f"share-{both_themes}")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"share-390-{both_themes}")
    assert overflow() == 0
