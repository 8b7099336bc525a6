"""The pages of a request, in both themes and down to the narrowest window."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationRequest, SpecificationReading
from apps.generation.services import verbs
from apps.generation.services.drafts import draft_save
from apps.generation.services.refactoring import Refactoring, refactoring_suggest
from apps.governance.models import Ballot, User
from apps.jobs.runner import job_execute
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE, WRONG
from tests.generation.test_questions import ALSO_FIRST, FIRST, MIDDLE, SORTED
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def request_in_review(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    server.answers([WRONG, RIGHT, UNPARSABLE])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return request


@pytest.mark.bar(12)
def test_progress_and_review_are_accessible_and_fit_a_narrow_window(
    request_in_review: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    reviewer: User,
) -> None:
    sign_in(reviewer)
    for path in ("", "/review"):
        page.goto(f"/requests/{request_in_review.pk}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        axe(page)
    assert overflow() == 0
    axe(page)


@pytest.fixture
def divided_request(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> CodeGenerationRequest:
    """Two of three candidates agree on what nobody meant."""
    server.answers([FIRST, SORTED, ALSO_FIRST])
    request = submit(MIDDLE, title="The middle of some numbers")
    work_off(request)
    return request


def test_the_requester_is_led_to_the_question_and_the_answer_decides(
    divided_request: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    engineer: User,
) -> None:
    sign_in(engineer)
    page.goto(f"/requests/{divided_request.pk}")
    page.get_by_role("link", name="Answer a question").click()
    expect(page.get_by_role("heading", name="A question would decide")).to_be_visible()
    axe(page)
    page.locator("#questions").scroll_into_view_if_needed()
    screenshot(f"question-{both_themes}")
    assert overflow() == 0
    screenshot(f"question-narrow-{both_themes}")
    page.get_by_label("It does not matter").check()
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.get_by_text("is left open")).to_be_visible()
    axe(page)


def test_what_was_written_without_a_request_is_accessible_and_fits_a_narrow_window(
    repository: Repository,
    engineer: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
) -> None:
    sign_in(engineer)
    page.goto("/requests/direct")
    axe(page)
    clumsy = "import os\n\n\ndef double(n: int) -> int:\n    return n * 2\n"
    refactoring = refactoring_suggest(code=clumsy, requested_by=engineer)
    assert isinstance(refactoring, Refactoring)
    tests = verbs.tests_write(title="Clamp", text=CLAMP, module="shop.clamp", requested_by=engineer)
    for path in ("/requests/direct", *(f"/requests/direct/{it.pk}" for it in (refactoring.artifact, tests))):
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)
        axe(page)
        assert overflow() == 0, path
    page.goto("/requests/direct")
    page.get_by_label("Specification").fill("Do something nice.")
    page.get_by_role("button", name="Write tests").click()
    expect(page.get_by_role("alert")).to_contain_text("no example that a test could check")
    expect(page.get_by_label("Specification")).to_have_value("Do something nice.")
    axe(page)


@pytest.mark.bar(12)
def test_candidates_are_rated_by_keyboard_in_a_narrow_window_and_no_shortcut_signs(
    request_in_review: CodeGenerationRequest, page: Page, sign_in: Any, axe: Any, both_themes: str, reviewer: User
) -> None:
    look_at(request_in_review.run, reviewer)
    sign_in(reviewer)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/requests/{request_in_review.pk}/review")
    page.get_by_text("Rate the candidates").focus()
    page.keyboard.press("Enter")
    rating = page.get_by_label("Candidate A, readable")
    rating.focus()
    page.keyboard.type("4")
    expect(rating).to_have_value("4")
    axe(page)
    page.get_by_label("Which would you take?").select_option("Tie")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Why", exact=True).press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Approve [AB][?]$"))
    axe(page)
    page.get_by_role("button", name="Go back and change it").press("Control+Enter")
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_focused()
    assert not Ballot.objects.exists()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Ratings from 1 to 5")).to_be_visible()
    assert list(Ballot.objects.get().detail["rubric"].values()) == [{"readable": 4}]


def test_the_editor_is_accessible_with_its_analysis(
    repository: Repository, engineer: User, page: Page, sign_in: Any, axe: Any, both_themes: str
) -> None:
    draft = draft_save(author=engineer, title="Keep values in range", text=CLAMP, repository=repository).draft
    assert draft is not None
    sign_in(engineer)
    page.goto(f"/specs/{draft.pk}")
    expect(page.locator("#analysis")).to_contain_text("clarity")
    axe(page)


def test_whoever_pastes_and_submits_at_once_leaves_one_request_and_no_draft(
    repository: Repository, provider: Provider, engineer: User, reviewer: User, owner: User, page: Page, sign_in: Any
) -> None:
    sign_in(engineer)
    page.goto("/specs/new")
    page.get_by_label("Title").fill("Keep values in range")
    page.get_by_label("Specification").fill(CLAMP)
    expect(page.locator("#analysis")).to_contain_text("clarity")
    page.get_by_role("textbox", name="File").fill("shop/ranges.py")
    page.get_by_role("textbox", name="File").press("Tab")
    page.get_by_role("button", name="Submit for generation").click()
    page.get_by_role("dialog").get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/requests/**")
    page.goto("/specs")
    expect(page.get_by_text("No drafts")).to_be_visible()
    assert CodeGenerationRequest.objects.count() == 1


def test_the_editor_works_without_scripts(browser: Any, live_url: str, repository: Repository, engineer: User) -> None:
    context = browser.new_context(base_url=live_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_label("Password").press("Enter")
    page.goto("/specs/new")
    page.get_by_label("Title").fill("Keep values in range")
    page.get_by_label("Specification").fill(CLAMP)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#analysis")).to_contain_text("def clamp(value: int, low: int, high: int) -> int")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    context.close()


def test_somebody_without_a_repository_is_told_so(db: None, page: Page, sign_in: Any) -> None:
    sign_in(User.objects.create_user("stranger", password="correct horse battery"))
    page.goto("/specs/new")
    expect(page.get_by_text("There is no repository that you may write specifications for.")).to_be_visible()


def test_requirements_and_what_carries_them_fit_a_narrow_window(
    request_in_review: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    engineer: User,
) -> None:
    sign_in(engineer)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/requests/{request_in_review.pk}")
    table = page.get_by_role("table", name="Requirements and what carries them")
    expect(table).to_contain_text("A value outside becomes the nearest end.")
    table.scroll_into_view_if_needed()
    screenshot(f"trace-{both_themes}")
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    assert overflow() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    table.scroll_into_view_if_needed()
    screenshot(f"trace-narrow-{both_themes}")


def test_a_model_is_asked_from_the_editor_and_its_questions_are_marked(
    repository: Repository,
    engineer: User,
    provider: Provider,
    server: FaultServer,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
) -> None:
    finding = {"kind": "ambiguity", "quote": "nearest end", "message": "Low may be above high."}
    server.answers([json.dumps([{**finding, "question": "What then?", "suggestion": "Raises ValueError."}])])
    text = f"{CLAMP}\nIt must not use `numpy`. Test coverage is at least 90 %. Time zones are out of scope.\n"
    draft = draft_save(author=engineer, title="Keep values in range", text=text, repository=repository).draft
    assert draft is not None
    sign_in(engineer)
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.goto(f"/specs/{draft.pk}")
    page.get_by_role("button", name="Ask test").click()
    expect(page.locator("#second-reading")).to_contain_text("A model is reading. You can go on writing")
    job_execute(SpecificationReading.objects.get().job_id)
    expect(page.locator("#second-reading")).to_contain_text("test wrote this")
    expect(page.locator("#second-reading")).to_contain_text("nobody has checked it.")
    expect(page.locator("#second-reading")).to_contain_text("Perhaps: Raises ValueError.")
    expect(page.locator("#analysis")).to_contain_text("clarity")
    axe(page)
    screenshot(f"model-{both_themes}")
    assert overflow() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#second-reading").scroll_into_view_if_needed()
    screenshot(f"model-narrow-{both_themes}")
