"""
The screens: no violations by axe in both themes, wide, at 320 pixels and zoomed to 200 %, and by keyboard alone.

Zoomed to 200 %, a window of 1440 by 900 has 720 by 450 of the page's own pixels, each of them two of the screen's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from apps.console.demo.people import demo_seed
from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.bar(12)]

SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1440, "height": 900},
    "zoomed": {"width": 720, "height": 450},
    "narrow": {"width": 320, "height": 800},
}
MOST_TABS = 150
# Many pages are opened one after another, on machines that do other things as well.
PATIENCE_MS = 30_000
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is covered by something that sticks to the window's edge, or outside of it, is not seen while it has the focus.
SEEN = """one => {
  const box = one.getBoundingClientRect()
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  const style = getComputedStyle(one)
  return one.contains(top) && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
}"""


@pytest.fixture
def team(tmp_path: Path) -> dict[str, User]:
    demo_seed(home=tmp_path)
    return {person.username: person for person in User.objects.all()}


@pytest.fixture
def in_review(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    server.answers([WRONG, RIGHT])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return request


@dataclass(frozen=True)
class Screen:
    """
    A screen of the demo's data: its address, who opens it, and what is done there first of all.

    ``action`` is the role and the words of its main action; None where a page is only read. ``is_quiet`` says that the
    main action is no primary button.
    """

    path: str
    person: str
    action: tuple[Literal["link", "button"], str] | None
    is_quiet: bool = False


# The one place that says what the main action of each screen is.
SCREENS = {
    "home": Screen("/", "engineer", ("link", "New spec")),
    "new spec": Screen("/specs/new?example=function", "engineer", ("button", "Submit for generation")),
    "specs": Screen("/specs", "engineer", ("link", "New spec")),
    "requests": Screen("/requests", "engineer", ("link", "New spec")),
    "quality": Screen("/repos/{repository}/quality/coverage", "reviewer", ("button", "Measure coverage")),
    "architecture": Screen("/architecture", "owner", ("button", "Analyse main")),
    "docs": Screen("/docs", "owner", ("button", "Write its API page")),
    "knowledge": Screen("/knowledge", "engineer", ("button", "Search")),
    "governance": Screen("/governance", "chair", ("link", "Choose a template")),
    "ladder": Screen("/governance/ladder", "chair", ("button", "Suspend AI generation"), is_quiet=True),
    "gates": Screen("/governance/gates/new", "engineer", ("link", "See the ladder")),
    "policies": Screen("/governance/policies", "chair", ("link", "Propose a version")),
    "models": Screen("/models", "chair", ("link", "Suspend a model"), is_quiet=True),
    "metrics": Screen("/metrics", "engineer", ("button", "Measure now")),
    "settings": Screen("/settings", "chair", ("link", "Notifications"), is_quiet=True),
    # What is to be done about it is done at the machine.
    "status": Screen("/status", "chair", None),
    "inbox": Screen("/inbox", "chair", ("link", "How you are told"), is_quiet=True),
    "how you are told": Screen("/settings/notifications", "chair", ("button", "Save")),
    "profile": Screen("/profile", "chair", ("button", "Save")),
}


def opened(page: Page, sign_in: Callable[[User], None], team: dict[str, User]) -> Iterator[str]:
    """Open each screen as who works there, and yield its name."""
    page.set_default_timeout(PATIENCE_MS)
    repository = Repository.objects.get().name
    for name, screen in sorted(SCREENS.items(), key=lambda one: one[1].person):
        page.context.clear_cookies()
        sign_in(team[screen.person])
        answer = page.goto(screen.path.format(repository=repository))
        assert answer is not None and answer.ok, name
        yield name


def is_within(page: Page, name: str) -> None:
    assert page.evaluate(OVERFLOW) <= 0, name


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_is_accessible_in_both_themes_at_each_size(
    page: Page, team: dict[str, User], sign_in: Any, axe: Any, both_themes: str, size: str, screenshot: Any
) -> None:
    page.set_viewport_size(SIZES[size])
    for name in opened(page, sign_in, team):
        axe(page)
        is_within(page, name)
        screenshot(f"{name.replace(' ', '-')}-{both_themes}-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_a_request_and_its_review_are_accessible_in_both_themes_at_each_size(
    in_review: CodeGenerationRequest,
    page: Page,
    reviewer: User,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    size: str,
    screenshot: Any,
) -> None:
    sign_in(reviewer)
    page.set_viewport_size(SIZES[size])
    for path in ("", "/review"):
        page.goto(f"/requests/{in_review.pk}{path}")
        axe(page)
        is_within(page, path)
        screenshot(f"request{path.replace('/', '-')}-{both_themes}-{size}")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until *wanted* has the focus; fail where it never has, or is not seen to have it."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert wanted.evaluate(SEEN), "The focus is not seen."
            return
    raise AssertionError(f"{wanted} is not reached in {MOST_TABS} presses of Tab.")


def test_the_skip_link_comes_first_and_leads_past_the_rail(page: Page, team: dict[str, User], sign_in: Any) -> None:
    for name in opened(page, sign_in, team):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main", name
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main", name


def test_the_main_action_of_each_screen_is_reached_and_used_by_keyboard(
    page: Page, team: dict[str, User], sign_in: Any
) -> None:
    for name in opened(page, sign_in, team):
        screen = SCREENS[name]
        primary = page.locator("#main .button--primary, .page-header .button--primary").locator("visible=true")
        if screen.action is None:
            assert not primary.count(), f"{name} has a main action now: declare it."
            continue
        role, words = screen.action
        action = page.locator("#main").get_by_role(role, name=words, exact=True)
        assert action.count() == 1, f"{name} has {action.count()} of {words}."
        assert primary.all_inner_texts() == ([] if screen.is_quiet else [words]), name
        before = page.url
        tab_to(page, action)
        if action.get_attribute("aria-haspopup") == "dialog":
            page.keyboard.press("Enter")
            expect(page.locator("dialog[open]")).to_be_visible()
            continue
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.url != before or page.locator(".error-summary, [role=alert], .toast").count(), name


def test_a_reviewer_goes_from_the_request_to_a_verdict_by_keyboard(
    in_review: CodeGenerationRequest, page: Page, reviewer: User, sign_in: Any
) -> None:
    look_at(in_review.run, reviewer)
    sign_in(reviewer)
    page.goto(f"/requests/{in_review.pk}")
    tab_to(page, page.get_by_role("link", name="Review", exact=False).and_(page.locator(".button--primary")).first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    tab_to(page, page.get_by_role("link", name="Go to your verdict"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#verdict input[name=verdict]").first)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Which would you take?"))
    page.keyboard.press("A")
    tab_to(page, page.get_by_role("button", name="Cast verdict"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name=re.compile("^Approve")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Verdicts", exact=True)).to_be_visible()
