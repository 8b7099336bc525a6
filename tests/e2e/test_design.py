"""The design system in a browser: accessible, narrow enough, usable by keyboard and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.governance.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(1440, 900), (390, 844)]


@pytest.fixture
def person() -> User:
    return User.objects.create_user("mara", password="correct horse battery", first_name="Mara", last_name="Lindqvist")


@pytest.fixture
def gallery(page: Page, sign_in: Callable[[User], None], person: User) -> Page:
    """The gallery without its chart library, which takes longer to read than everything else together."""
    page.route("**/plotly*.min.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    sign_in(person)
    page.goto("/design")
    return page


@pytest.fixture
def gallery_with_charts(gallery: Page) -> Page:
    gallery.unroute("**/plotly*.min.js")
    gallery.reload()
    expect(gallery.locator("[data-chart][data-mounted]")).to_have_count(2)
    return gallery


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_the_sign_in_page_is_accessible_in_both_themes(
    page: Page, both_themes: str, size: tuple[int, int], axe: Callable[[Page], None], screenshot: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("/sign-in")
    axe(page)
    screenshot(f"sign-in-{both_themes}-{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_every_component_is_accessible_in_both_themes(
    gallery_with_charts: Page,
    both_themes: str,
    size: tuple[int, int],
    axe: Callable[[Page], None],
    screenshot: Callable[[str], None],
) -> None:
    gallery_with_charts.set_viewport_size({"width": size[0], "height": size[1]})
    axe(gallery_with_charts)
    screenshot(f"design-{both_themes}-{size[0]}")


def test_no_page_is_wider_than_a_screen_of_320(gallery: Page, overflow: Callable[[], int]) -> None:
    assert overflow() == 0
    gallery.context.clear_cookies()
    gallery.goto("/sign-in")
    assert overflow() == 0


def test_somebody_who_is_not_signed_in_is_asked_to_sign_in_and_comes_back(page: Page, person: User) -> None:
    page.goto("/design")
    page.get_by_label("Username").fill("mara")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Design system")


def test_a_wrong_password_is_said_in_words_and_takes_the_focus(page: Page, person: User) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill("mara")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("User name or password is wrong.")


def test_the_theme_that_somebody_chooses_survives_a_reload_and_needs_no_flash(gallery: Page) -> None:
    gallery.get_by_label("You: mara").click()
    gallery.get_by_role("button", name="Dark").click()
    expect(gallery.locator("html")).to_have_attribute("data-theme", "dark")
    answer = gallery.reload()
    assert answer is not None
    assert 'data-theme="dark"' in answer.text()


def test_the_shortcut_sheet_opens_with_a_question_mark_and_gives_the_focus_back(gallery: Page) -> None:
    gallery.locator("#main").focus()
    gallery.keyboard.press("?")
    sheet = gallery.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("New spec")
    gallery.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(gallery.locator("#main")).to_be_focused()


def test_keys_go_from_change_to_change(gallery: Page, screenshot: Callable[[str], None]) -> None:
    # Where a page has an own meaning of the key, as the sample button has, that comes first.
    gallery.evaluate("document.querySelector('[data-key=n]').removeAttribute('data-key')")
    gallery.locator("#main").focus()
    gallery.keyboard.press("n")
    first = gallery.locator(".line.is-cursor")
    expect(first).to_have_count(1)
    expect(first).to_be_in_viewport()
    words = first.inner_text()
    screenshot("design-changes")
    gallery.keyboard.press("n")
    expect(gallery.locator(".line.is-cursor")).not_to_have_text(words)
    gallery.keyboard.press("p")
    expect(gallery.locator(".line.is-cursor")).to_have_text(words)


def test_single_keys_rest_while_somebody_types(gallery: Page) -> None:
    field = gallery.locator("#empty_title")
    field.focus()
    gallery.keyboard.type("?jg")
    expect(field).to_have_value("?jg")
    expect(gallery.locator("dialog[open]")).to_have_count(0)


def test_single_keys_can_be_turned_off(gallery: Page) -> None:
    gallery.get_by_label("You: mara").click()
    gallery.get_by_role("button", name="Keys off").click()
    gallery.keyboard.press("Escape")
    gallery.keyboard.press("?")
    expect(gallery.locator("dialog[open]")).to_have_count(0)


def test_j_and_k_move_through_the_rows_of_a_table(gallery: Page) -> None:
    gallery.locator("#main").focus()
    for key in ("j", "j", "j", "k"):
        gallery.keyboard.press(key)
    expect(gallery.locator("tr.is-cursor")).to_contain_text("Retry a payment")


def test_the_command_box_goes_where_it_is_told(gallery: Page) -> None:
    gallery.keyboard.press("Control+k")
    box = gallery.get_by_role("combobox", name="Command")
    expect(box).to_be_focused()
    box.fill("governance")
    gallery.keyboard.press("Enter")
    gallery.wait_for_url("**/governance")


def test_what_no_command_is_called_is_searched_for(gallery: Page) -> None:
    gallery.keyboard.press("Control+k")
    expect(gallery.get_by_role("combobox", name="Command")).to_be_focused()
    expect(gallery.locator("[data-command-count]")).to_contain_text("to choose from")  # answers to nothing typed yet
    gallery.keyboard.type("nothing is called this")
    gallery.keyboard.press("Enter")
    # The first question of a process waits for the model of sentences.
    gallery.wait_for_url("**/knowledge?q=nothing+is+called+this", timeout=60_000)


def test_a_dialog_closes_with_escape_and_returns_the_focus(gallery: Page) -> None:
    opener = gallery.get_by_role("button", name="Open a dialog")
    opener.click()
    expect(gallery.get_by_role("dialog", name="Stop the run?")).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_arrow_keys_move_between_the_parts_of_a_page(gallery: Page) -> None:
    gallery.get_by_role("tab", name="Code").focus()
    gallery.keyboard.press("ArrowRight")
    expect(gallery.get_by_role("tab", name="Tests")).to_have_attribute("aria-selected", "true")
    expect(gallery.get_by_role("tabpanel", name="Tests")).to_be_visible()


def test_a_chart_has_its_data_as_a_table(gallery_with_charts: Page) -> None:
    table = gallery_with_charts.locator("#coverage-trend-table")
    expect(table).to_be_hidden()
    gallery_with_charts.locator("#coverage-trend").get_by_role("button", name="Table").click()
    expect(table).to_contain_text("91.2 %")


def test_a_chart_that_cannot_be_drawn_is_its_table(gallery: Page) -> None:
    expect(gallery.locator("#coverage-trend-table")).to_contain_text("91.2 %")
    expect(gallery.locator("[data-chart-plot]")).to_have_count(0)


def test_good_news_can_be_closed_and_problems_stay(gallery: Page) -> None:
    gallery.get_by_role("button", name="Show a problem").click()
    toast = gallery.locator(".toast--error")
    expect(toast).to_contain_text("The content changed")
    toast.get_by_role("button", name="Close message").click()
    expect(toast).to_have_count(0)


def test_without_scripts_the_page_still_reads_and_the_menu_still_opens(
    browser: Browser, live_url: str, person: User, sign_in: Callable[[User], None], page: Page
) -> None:
    sign_in(person)
    cookies = page.context.cookies()
    without = browser.new_context(base_url=live_url, java_script_enabled=False, viewport={"width": 390, "height": 844})
    without.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": live_url} for cookie in cookies])
    plain = without.new_page()
    plain.goto("/design")
    expect(plain.locator("#coverage-trend-table")).to_be_visible()
    expect(plain.get_by_role("heading", name="Stop the run?")).to_be_visible()
    plain.get_by_role("button", name="Menu").click()
    expect(plain.get_by_role("link", name="Governance")).to_be_visible()
    plain.keyboard.press("Escape")
    plain.get_by_label("You: mara").click()
    plain.get_by_role("button", name="Dark").click()
    expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    without.close()


@pytest.mark.parametrize("way", ["keyboard", "touch"])
def test_the_detail_of_a_check_is_reached_without_a_pointer(gallery: Page, way: str) -> None:
    group = gallery.locator(".evidence__same").filter(has=gallery.locator(".evidence__more")).first
    cell = group.locator(".evidence__more").first
    detail = cell.get_by_text("Its tests were not run.")
    expect(detail).to_be_hidden()
    folded, summary = group.locator("> summary"), cell.locator("summary")
    if way == "keyboard":
        folded.focus()
        gallery.keyboard.press("Enter")
        gallery.keyboard.press("Tab")
        gallery.keyboard.press("Tab")
        expect(summary).to_be_focused()
        gallery.keyboard.press("Enter")
    else:
        folded.dispatch_event("click")
        summary.dispatch_event("click")
    expect(detail).to_be_visible()
