"""Voting again after candidates were put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import selection_change, verdict_cast
from apps.governance.models import User
from apps.governance.types import Verdict
from tests.generation.test_grafts import put_together, run, third
from tests.shop import work_off
from tests.viewed import look_at

__all__ = ["run", "third"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_who_voted_opens_what_changed_with_a_key(
    run: GenerationRun,
    third: User,
    owner: User,
    reviewer: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    overflow: Callable[[], int],
) -> None:
    digest = review_digest(run=run)
    look_at(run, reviewer)
    verdict_cast(request_id=run.pk, reviewer=reviewer, verdict=Verdict.APPROVE, digest=digest, is_interactive=True)
    made = put_together(run, third)
    work_off(run.request)
    selection_change(request_id=run.pk, actor=owner, candidate_id=made.pk, reason="It is right.")
    sign_in(reviewer)
    page.goto(f"/requests/{run.pk}/review")
    changed = page.locator("#since .line--add")
    expect(changed.first).to_be_hidden()
    page.keyboard.press("i")
    expect(changed.first).to_be_visible()
    expect(changed.first).to_contain_text("max(values)")
    axe(page)
    assert overflow() == 0
