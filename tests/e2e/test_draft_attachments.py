"""Attachments of a draft in a browser: choosing a file attaches it, and everybody can read the pages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.services.drafts import draft_save
from apps.governance.models import User
from apps.repositories.models import Repository

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def sent(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def test_files_are_attached_read_and_removed(
    repository: Repository, engineer: User, page: Page, sign_in: Any, axe: Any, both_themes: str
) -> None:
    draft = draft_save(author=engineer, title="Convert amounts", text="It converts.", repository=repository).draft
    assert draft is not None
    sign_in(engineer)
    page.goto(f"/specs/{draft.pk}")
    files = page.get_by_label("Add files")
    files.set_input_files([sent("rates.csv", b"EUR;1\n"), sent("n" * 90 + ".json", b"{}")])
    expect(page.get_by_role("link", name="rates.csv")).to_be_visible()
    files.set_input_files(sent("picture.png", b"\x89PNG"))
    expect(page.get_by_role("alert").get_by_text("picture.png is no text in UTF-8.")).to_be_visible()
    axe(page)
    page.get_by_label("Title").fill("Convert all amounts")
    page.get_by_role("button", name="Remove nnn").click()
    expect(page.get_by_role("button", name="Remove nnn")).to_have_count(0)
    files.set_input_files(sent("n" * 90 + ".json", b"{}"))
    expect(page.get_by_role("button", name="Remove nnn")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("link", name="rates.csv").click()
    expect(page.get_by_text("EUR;1")).to_be_visible()
    axe(page)
    assert page.evaluate(OVERFLOW) <= 0
    page.go_back()
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Convert all amounts")
