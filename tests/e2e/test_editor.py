"""The editor of a specification in a browser: marks in the text, keys, and the sheet before it is submitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.generation.models import CodeGenerationRequest, SpecificationDraft
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = (
    "Write `def f(xs: list[int]) -> int`. 🙂\n\n"
    "- It returns the number of them.\n- The rest is sorted.\n\n>>> f([1])\n1\n"
)


@pytest.fixture
def area(
    repository: Repository,
    provider: Provider,
    engineer: User,
    reviewer: User,
    owner: User,
    page: Page,
    sign_in: Callable[[User], None],
) -> Locator:
    """The editor, with a text that was read."""
    sign_in(engineer)
    page.goto("/specs/new")
    page.get_by_label("Title").fill("The number")
    field = page.get_by_label("Specification")
    field.fill(TEXT)
    expect(page.locator(".editor__mark").first).to_be_attached()
    return field


def selected(area: Locator) -> str:
    return str(area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)"))


def test_what_is_found_is_marked_in_the_text_and_keys_go_from_one_to_the_next(area: Locator, page: Page) -> None:
    expect(page.locator(".editor__mark", has_text="sorted")).to_be_attached()
    assert page.locator(".editor__pin").all_inner_texts().count("R1") == 1
    area.press("F8")
    assert selected(area) == "f"
    expect(page.locator("#analysis .is-current")).to_have_count(1)
    seen = set()
    for _ in range(6):
        area.press("F8")
        seen.add(selected(area))
    assert "sorted" in seen
    area.press("Shift+F8")
    assert selected(area) in seen


def test_an_accepted_suggestion_is_typed_into_the_text_and_undo_takes_it_back(area: Locator, page: Page) -> None:
    for _ in range(6):
        area.press("F8")
        if selected(area) == "sorted":
            break
    area.press("Control+.")
    expect(area).to_have_value(
        TEXT.replace(
            "- The rest is sorted.\n",
            "- The rest is sorted.\n- Sorted in ascending order; equal elements keep their original order.\n",
        )
    )
    expect(page.locator(".editor__mark", has_text="sorted")).to_have_count(0)
    area.press("Control+z")
    expect(area).to_have_value(TEXT)
    expect(page.locator(".editor__mark", has_text="sorted")).to_be_attached()


def test_a_finding_is_put_aside_with_its_button_and_its_mark_goes(area: Locator, page: Page) -> None:
    item = page.locator("[data-finding]", has_text="leaves a choice open")
    item.get_by_role("button", name="Put aside").click()
    expect(page.get_by_text("1 put aside.")).to_be_visible()
    expect(page.locator(".editor__mark", has_text="sorted")).to_have_count(0)
    expect(page.locator("#findings-title")).to_be_focused()
    page.get_by_role("button", name="Show it again").click()
    expect(page.locator(".editor__mark", has_text="sorted")).to_be_attached()


def test_alt_and_an_arrow_move_the_line_that_the_cursor_is_in(area: Locator) -> None:
    place = TEXT.index("The rest") + 1  # a smiley is two units
    area.evaluate("(area, place) => area.setSelectionRange(place, place)", place)
    area.press("Alt+ArrowUp")
    swapped = TEXT.replace(
        "- It returns the number of them.\n- The rest is sorted.",
        "- The rest is sorted.\n- It returns the number of them.",
    )
    expect(area).to_have_value(swapped)
    area.press("Alt+ArrowDown")
    expect(area).to_have_value(TEXT)
    assert area.evaluate("area => area.selectionStart") == place


def test_marks_move_with_the_text_before_the_next_answer(area: Locator, page: Page) -> None:
    page.route("**/specs/save", lambda route: route.abort())
    area.evaluate("area => area.setSelectionRange(0, 0)")
    area.press_sequentially("Please. ")
    expect(page.locator(".editor__mark", has_text="sorted")).to_have_text("sorted")


def test_the_keys_are_on_the_sheet_of_shortcuts(area: Locator, page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts-sheet")
    for words in ("Next finding", "Accept its suggestion", "Move the line"):
        expect(sheet.locator("[data-page-shortcuts]").get_by_text(words)).to_be_visible()


def test_control_enter_opens_the_sheet_and_enter_submits_once(area: Locator, page: Page, axe: Any) -> None:
    area.fill(CLAMP)
    area.press("Control+Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Submit for generation?")).to_be_visible()
    expect(sheet.get_by_role("button", name="Submit", exact=True)).to_be_focused()
    expect(sheet).to_contain_text("test for 3 answers")
    axe(page)
    assert not CodeGenerationRequest.objects.exists()
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/**")
    assert CodeGenerationRequest.objects.count() == 1


def test_what_is_saved_while_the_sheet_is_open_is_not_submitted(area: Locator, page: Page) -> None:
    area.fill(CLAMP)
    area.press("Control+Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Submit", exact=True)).to_be_focused()
    with page.expect_response("**/specs/save") as saved:
        area.evaluate("area => { area.value += '.'; area.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert saved.value.ok
    assert not CodeGenerationRequest.objects.exists()


def test_what_stands_in_the_way_is_said_over_the_text_and_nothing_is_lost(area: Locator, page: Page) -> None:
    area.fill(f"{CLAMP}\n>>> clamp(5, 0, 10)\n6\n")
    area.press("Control+Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("A specification that contradicts itself is not submitted")
    page.keyboard.press("Escape")
    expect(area).to_be_focused()
    page.get_by_label("It is no contradiction: submit all the same").check()
    page.get_by_role("button", name="Submit for generation").click()
    expect(page.get_by_role("dialog")).to_contain_text("You say that what looks like a contradiction is none")
    page.get_by_role("dialog").get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/requests/**")
    assert SpecificationDraft.objects.count() == 1


def test_the_editor_is_accessible_and_fits_a_narrow_window(
    area: Locator, page: Page, axe: Any, both_themes: str, overflow: Callable[[], int]
) -> None:
    axe(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow() == 0
