"""An approval policy in the browser: proposed by one person, published by another, then seen in a review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_people_change_a_policy_and_a_review_shows_it(
    repository: Repository,
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    person: Callable[..., User],
    reviewer: User,
    owner: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
) -> None:
    chair = person("chloe", "chair")
    sign_in(User.objects.create_superuser("root", password="correct horse battery"))
    page.goto("/governance/policies")
    axe(page)
    page.get_by_role("link", name="Propose a version").click()
    page.get_by_label("Name").nth(0).fill("a reviewer of the shop")
    page.get_by_label("Held by").nth(0).fill("barbara")
    page.get_by_label("In their absence").nth(0).fill("nobody")
    page.get_by_label("Days that an approval lives").fill("14")
    page.get_by_label("Why it shall change").fill("Somebody who knows the shop looks at it.")
    axe(page)
    screenshot(f"policy-form-{both_themes}")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("There is no active person called nobody.")).to_be_visible()
    axe(page)
    page.get_by_label("In their absence").nth(0).fill("grace")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("You proposed this version.")).to_be_visible()
    address = page.url
    sign_in(chair)
    page.goto(address)
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_text("What this cannot know:")).to_be_visible()
    axe(page)
    screenshot(f"policy-{both_themes}")
    page.get_by_role("button", name="Publish this version").click()
    expect(page.get_by_text("It rules requests that are submitted from now on.")).to_be_visible()
    server.answers([WRONG, RIGHT])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    sign_in(reviewer)
    page.goto("/governance/policies")
    screenshot(f"policies-{both_themes}")
    page.goto(f"/requests/{request.pk}/review")
    expect(page.get_by_role("link", name="version 1 for low risk")).to_be_visible()
    page.get_by_label("Step aside").check()
    axe(page)
    page.locator("#verdict").scroll_into_view_if_needed()
    screenshot(f"step-aside-{both_themes}")
    page.get_by_role("button", name="Cast verdict").click()
    expect(page.get_by_text("You stepped aside, so you have no vote on this request")).to_be_visible()
    for path in ("/governance/policies", address, f"/requests/{request.pk}/review"):
        page.goto(path)
        page.set_viewport_size({"width": 390, "height": 844})
        screenshot(f"narrow-{both_themes}-{path.split('/')[-1][:8]}")
        assert overflow() == 0
        axe(page)
