"""What a draft said before, in a browser: both pages can be read by everybody, and a version is put back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.services.drafts import draft_save
from apps.governance.models import User
from apps.repositories.models import Repository

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "\n".join(f"Requirement {number}: it returns the value of line {number}." for number in range(10))
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_versions_are_read_and_put_back(
    repository: Repository, engineer: User, page: Page, sign_in: Any, axe: Any, both_themes: str
) -> None:
    draft = draft_save(author=engineer, title="Keep values in range", text=LONG, repository=repository).draft
    assert draft is not None
    draft_save(author=engineer, title="Start again", text="One line.", draft_id=draft.pk, version=draft.version)
    sign_in(engineer)
    page.goto(f"/specs/{draft.pk}")
    page.get_by_role("link", name="Versions").click()
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("link", name="Version 1").click()
    expect(page.get_by_text("Its title was")).to_be_visible()
    axe(page)
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label("Specification")).to_have_value(LONG)
    expect(page.get_by_text("The draft says what it said in version 1.")).to_be_visible()
