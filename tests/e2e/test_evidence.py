"""What was signed, in a browser: the merged request, its evidence pack, the keys, and the certificate inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import GenerationRun
from apps.generation.services.delivery import pull_request_merge
from apps.governance.engine.attestation.verify import archive_files, pack_checked
from apps.governance.models import EvidencePack, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from tests.generation.test_delivery import approved, deliver

__all__ = ["approved"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_evidence_is_taken_away_and_verifies(
    approved: GenerationRun,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    engineer: User,
    owner: User,
    tmp_path: Path,
) -> None:
    deliver(approved)
    pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    sign_in(engineer)
    page.goto(f"/requests/{approved.pk}")
    expect(page.get_by_role("link", name="signed statement")).to_be_visible()
    page.locator("#pull-request").scroll_into_view_if_needed()
    screenshot(f"request-{both_themes}")
    axe(page)
    page.get_by_role("button", name="Evidence pack").click()
    expect(page.get_by_role("heading", name="Evidence pack")).to_be_visible()
    pack = EvidencePack.objects.get()
    job_execute(Job.objects.get(subject_id=pack.pk).pk)
    page.reload()
    expect(page.get_by_role("link", name="Download the pack")).to_be_visible()
    screenshot(f"pack-{both_themes}")
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the pack").click()
    download.value.save_as(tmp_path / "pack.zip")
    files = archive_files((tmp_path / "pack.zip").read_bytes())
    pack.refresh_from_db()
    assert pack_checked(files, pinned=pack.key.fingerprint)
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"pack-390-{both_themes}")
    assert overflow() == 0

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/governance/keys")
    expect(page.get_by_role("row", name=pack.key.fingerprint)).to_be_visible()
    screenshot(f"keys-{both_themes}")
    axe(page)
    assert overflow() == 0

    (tmp_path / "certificate.html").write_bytes(files["certificate.html"])
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"file://{tmp_path}/certificate.html")
    expect(page.get_by_role("heading", name="Keep values in range")).to_be_visible()
    screenshot(f"certificate-{both_themes}")
    axe(page)
    assert overflow() == 0
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) == 1
