"""Signing in with a code, confirming, the profile and tokens, and the end of a session, in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.clock import now
from apps.governance.engine.totp import code_of, step_at
from apps.governance.models import RoleAssignment, Scope, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery"
NARROW = {"width": 390, "height": 844}


@pytest.fixture
def ada(scope: Scope) -> User:
    user = User.objects.create_user("ada", password=PASSWORD, first_name="Ada", last_name="Lovelace")
    RoleAssignment.objects.create(user=user, scope=scope, role=RoleAssignment.Role.ENGINEER)
    return user


def test_a_person_sets_up_an_app_makes_a_token_and_signs_in_with_a_code(
    ada: User, page: Page, axe: Any, both_themes: str, screenshot: Callable[[str], None], overflow: Callable[[], int]
) -> None:
    def look(name: str) -> None:
        axe(page)
        screenshot(f"{name}-{both_themes}")
        page.set_viewport_size(NARROW)
        screenshot(f"{name}-{both_themes}-narrow")
        assert overflow() == 0
        page.set_viewport_size({"width": 1440, "height": 900})

    page.goto("/profile")
    page.locator("#id_username").fill("ada")
    page.locator("#id_password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong.")
    look("sign-in-wrong")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    look("profile")
    page.get_by_role("link", name="Set up an app").click()
    look("app")
    secret = page.locator("[data-secret]").inner_text().replace(" ", "")
    used = step_at(now())
    page.get_by_label("Code that the app shows").fill(code_of(secret, used))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    recovery = page.locator(".codes li").first.inner_text()
    look("codes")
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Your tokens").click()
    look("tokens-none")
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill("build server")
    page.get_by_label("Read specifications and drafts.").check()
    page.get_by_label("Acme/shop").check()
    look("token-new")
    page.get_by_role("button", name="Make token").click()
    expect(page.locator("[data-token]")).to_have_text(re.compile("nofx_pat_"))
    look("token-shown")
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("cell", name="build server")).to_be_visible()
    look("tokens")
    page.goto("/profile/keys")
    page.get_by_label("Go to, before the letter of a page").fill("y")
    look("keys")
    page.get_by_role("button", name="Save keys").click()
    expect(page.get_by_text("These keys hold in this browser.")).to_be_visible()
    page.keyboard.press("y")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile("/$"))
    page.context.clear_cookies()
    page.goto("/profile")
    page.locator("#id_username").fill("ada")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    page.get_by_label("Code").fill(code_of(secret, used))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("was used before")
    look("code")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.goto("/confirm")
    look("confirmed")


def test_the_end_of_a_session_is_said_and_put_off_by_one_press(ada: User, page: Page, sign_in: Any, axe: Any) -> None:
    sign_in(ada)
    page.clock.install()
    page.goto("/governance")
    page.clock.fast_forward("01:57:30")
    page.clock.run_for(2_000)
    sheet = page.get_by_role("dialog", name="Are you still there?")
    expect(sheet).to_be_hidden()
    page.clock.fast_forward("01:00")
    page.clock.run_for(2_000)
    expect(sheet).to_contain_text("Your session ends in 2 minutes.")
    axe(page)
    with page.expect_response("**/sign-in/stay"):
        sheet.get_by_role("button", name="Stay signed in").click()
    page.clock.run_for(2_000)
    expect(sheet).to_be_hidden()
    page.clock.fast_forward("02:00:00")
    page.clock.run_for(2_000)
    expect(sheet).to_contain_text("Your session has ended.")
    expect(sheet.get_by_role("link", name="Open the sign-in page")).to_be_visible()
