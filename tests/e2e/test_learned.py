"""The page of what models are worth, and the weights on a review, in both themes and down to the narrowest window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import verdict_cast
from apps.governance.models import User
from apps.governance.types import Verdict
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE, WRONG
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def decided(
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    reviewer: User,
    owner: User,
) -> CodeGenerationRequest:
    """The second of two decided requests: the first was approved, this one blocked."""
    for title, people, verdict in (
        ("Keep values in range", (reviewer, owner), Verdict.APPROVE),
        ("Keep values in range again", (owner,), Verdict.BLOCK),
    ):
        server.answers([WRONG, RIGHT, UNPARSABLE])
        request = submit(CLAMP, title=title)
        work_off(request)
        run = GenerationRun.objects.get(pk=request.pk)
        for one in people:
            look_at(run, one)
            verdict_cast(
                request_id=run.pk,
                reviewer=one,
                verdict=verdict,
                digest=review_digest(run=run),
                is_interactive=True,
                rationale="The bounds may be swapped.",
            )
    return request


def test_what_was_learned_is_accessible_and_fits_a_narrow_window(
    decided: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    engineer: User,
) -> None:
    sign_in(engineer)
    page.goto("/requests/learned")
    expect(page.get_by_role("heading", name="What changed after which verdict")).to_be_visible()
    expect(page.locator("#expertise .js-plotly-plot, #expertise .plot-container").first).to_be_visible()
    expect(page.get_by_text("test-model moved most, in numbers")).to_be_visible()
    axe(page)
    screenshot(f"learned-{both_themes}")
    page.locator("#expertise").scroll_into_view_if_needed()
    screenshot(f"learned-chart-{both_themes}")
    assert overflow() == 0
    axe(page)
    page.set_viewport_size({"width": 390, "height": 900})
    screenshot(f"learned-narrow-{both_themes}")


def test_a_review_says_how_each_vote_was_weighed(
    decided: CodeGenerationRequest,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    engineer: User,
) -> None:
    sign_in(engineer)
    page.goto(f"/requests/{decided.pk}/review")
    page.get_by_text("How each vote was weighed").click()
    expect(page.get_by_role("cell", name="test-model", exact=True)).to_be_visible()
    axe(page)
    page.get_by_text("How each vote was weighed").scroll_into_view_if_needed()
    screenshot(f"weights-{both_themes}")
    assert overflow() == 0
    page.get_by_role("link", name="What models are worth").click()
    expect(page.get_by_role("heading", level=1, name="What models are worth")).to_be_visible()
