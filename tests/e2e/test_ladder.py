"""The kill switch in a browser: one click and a confirmation, a banner on every page, a vote that resumes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.clock import now
from apps.governance.models import RoleAssignment, Scope, Suspension, User
from apps.governance.services import tripwires_check
from apps.providers.models import Provider
from tests.decided import rung_decided

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def chair(scope: Scope, person: Callable[..., User]) -> User:
    whole = Scope.objects.create(organisation=scope.organisation, repository="")
    people = {"chair": RoleAssignment.Role.CHAIR, "member": RoleAssignment.Role.COMMITTEE}
    for name, role in people.items():
        RoleAssignment.objects.create(user=person(name), scope=whole, role=role)
    other = Scope.objects.create(organisation=scope.organisation, repository="billing")
    Scope.objects.create(organisation=scope.organisation, repository="ledger")
    rung = rung_decided(scopes=[other], expires_at=now() + timedelta(days=41))
    tripwires_check(rung_id=rung.pk)
    return User.objects.get(username="chair")


def test_the_chair_suspends_and_two_people_resume(
    chair: User, page: Page, sign_in: Any, axe: Any, screenshot: Any, both_themes: str
) -> None:
    sign_in(chair)
    page.goto("/governance/ladder")
    axe(page)
    page.get_by_role("button", name="Suspend AI generation").click()
    dialog = page.get_by_role("dialog", name="Suspend AI generation?")
    dialog.get_by_label("Where").select_option(label="all of Acme")
    screenshot(f"ladder-dialog-{both_themes}")
    dialog.get_by_role("button", name="Suspend now").click()
    expect(page.get_by_role("alert").first).to_contain_text("All generation in Acme is suspended since")
    page.get_by_label("Why it was suspended").fill("It deletes tests.")
    page.get_by_role("button", name="Write the reason down").click()
    expect(page.get_by_text("It deletes tests.").last).to_be_visible()
    axe(page)
    screenshot(f"ladder-{both_themes}")
    for name in ("chair", "member"):
        sign_in(User.objects.get(username=name))
        page.goto("/governance/ladder")
        page.get_by_label("Resume").check()
        page.locator("textarea[name=rationale]").fill("Mended.")
        page.get_by_role("button", name="Sign the verdict").click()
    expect(page.get_by_role("heading", name="Suspended before")).to_be_visible()
    assert Suspension.objects.get().resumed_at is not None
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/governance/ladder")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(f"ladder-narrow-{both_themes}")


def test_the_cards_of_the_models_and_the_incidents_stand_on_narrow_screens_too(
    chair: User, provider: Provider, page: Page, sign_in: Any, axe: Any, screenshot: Any, both_themes: str
) -> None:
    sign_in(chair)
    for url, name in (("/models", "models"), ("/governance/incidents", "incidents")):
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(url)
        axe(page)
        screenshot(f"{name}-{both_themes}")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
