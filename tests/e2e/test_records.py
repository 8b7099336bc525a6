"""The audit chain and the page of records in a browser: readable, reachable, in both themes and on a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from apps.governance.models import User
from apps.governance.services import audit_check, audit_record, hold_place, retention_ask, scope_create

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def root(settings: Any, tmp_path: Any) -> User:
    settings.NOFX_AUDIT_ANCHORS, settings.NOFX_BACKUPS = tmp_path / "anchors", tmp_path / "backups"
    scope_create(organisation="Acme", repository="shop", created_by=None)
    root = User.objects.create_superuser("root", password="correct horse battery")
    for number in range(4):
        audit_record(
            action="request.submit", object_kind="request", object_id=uuid4(), actor=root, detail={"n": number}
        )
    audit_check(actor=root)
    retention_ask(data_class="sessions", days=30, reason="As agreed with the council.", actor=root, is_interactive=True)
    hold_place(request_id=uuid4(), reason="A dispute about an invoice.", actor=root, is_interactive=True)
    return root


@pytest.mark.parametrize("width", [1440, 390])
def test_records_can_be_read_in_both_themes_and_on_a_narrow_screen(
    root: User,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    width: int,
) -> None:
    sign_in(root)
    for name, address in (
        ("audit", "/governance/audit"),
        ("retention", "/governance/retention?dry_run=1"),
        ("erasure", "/governance/erasures/new?person=gone"),
    ):
        if name == "erasure":
            User.objects.create_user("gone", first_name="Greta", last_name="One", email="greta@acme.example")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        axe(page)
        screenshot(f"records-{name}-{both_themes}-{width}")
        assert overflow() == 0, name


def test_the_chain_is_taken_away_with_the_filters_that_are_set(root: User, page: Page, sign_in: Any) -> None:
    sign_in(root)
    page.goto("/governance/audit?action=request.submit")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as JSON Lines").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 + 4 + 1
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
