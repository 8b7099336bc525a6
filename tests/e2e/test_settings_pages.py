"""An organisation's name, the status of the platform, and confirming without a password, as people see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from apps.console import status
from apps.core.clock import now
from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.sessions import AUTHENTICATED, SIGNED_ON
from apps.sandbox.types import Probe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW = {"width": 390, "height": 844}
Look = Callable[[str], None]


@pytest.fixture
def look(
    page: Page, axe: Any, both_themes: str, screenshot: Callable[[str], None], overflow: Callable[[], int]
) -> Look:
    def looked(name: str) -> None:
        axe(page)
        screenshot(f"{name}-{both_themes}")
        page.set_viewport_size(NARROW)
        screenshot(f"{name}-{both_themes}-narrow")
        assert overflow() == 0
        page.set_viewport_size({"width": 1440, "height": 900})

    return looked


def test_an_organisation_is_renamed_from_the_settings(
    scope: Scope, sign_in: Callable[[User], None], page: Page, look: Look
) -> None:
    whole, _ = Scope.objects.get_or_create(organisation=scope.organisation, repository="")
    opal = User.objects.create_user("opal", password="correct horse battery")
    RoleAssignment.objects.create(user=opal, scope=whole, role="admin")
    sign_in(opal)
    page.goto("/settings")
    page.get_by_role("main").get_by_role("link", name="Organisation").click()
    page.get_by_label("Name").fill("Acme/Works")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("alert")).to_contain_text("no slash and no star")
    look("organisation-refused")
    page.get_by_label("Name").fill("Acme Works")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Acme Works")).to_be_visible()
    look("organisation")


def test_the_status_page_has_the_last_backup(
    sign_in: Callable[[User], None], page: Page, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.delete("sandbox.probe")
    monkeypatch.setattr(status, "sandbox_probe", lambda: Probe(True))
    sign_in(User.objects.create_user("adam", password="correct horse battery", is_staff=True))
    page.goto("/status")
    expect(page.get_by_role("row", name="Last backup")).to_contain_text("None was made yet")
    look("status")
    cache.delete("sandbox.probe")


def test_whoever_has_no_password_is_led_to_an_app_and_a_stopped_sign_on_back(
    context: BrowserContext, live_url: str, page: Page, look: Look
) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    session = client.session
    del session[AUTHENTICATED]
    session[SIGNED_ON] = now().timestamp()
    session.save()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": live_url}
    context.add_cookies([cookie])
    page.goto("/confirm")
    expect(page.get_by_role("link", name="Set up an app and go on")).to_be_visible()
    look("confirm-without-password")
    page.goto("/sign-in/cancelled")
    expect(page.get_by_role("heading", name="Nothing was confirmed")).to_be_visible()
    look("cancelled")
