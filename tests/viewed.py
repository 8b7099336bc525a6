"""What reviewers do before they approve: look at each file of what is up for approval, tick it, and confirm."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from apps.generation.models import GenerationRun, ViewedFile
from apps.generation.services.review_subject import selected_candidate
from apps.generation.services.viewing import digests_of
from apps.governance.models import User


def look_at(run: GenerationRun, *reviewers: User) -> None:
    """Let each of *reviewers* have ticked every file of what is up for approval now."""
    run = GenerationRun.objects.select_related("repository").get(pk=run.pk)
    candidate = selected_candidate(run=run)
    for path, digest in digests_of(run, candidate).items():
        for reviewer in reviewers:
            ViewedFile.objects.update_or_create(
                candidate=candidate.pk,
                reviewer=reviewer,
                path=path,
                defaults={"request_id": run.pk, "content_digest": digest},
            )


def tick_all(page: Page) -> None:
    """Tick every file of what is up for approval in the review page that is open, one after the other."""
    while True:
        expect(page.locator("#files")).to_be_visible()
        pane = page.locator(".pane").filter(has_text="up for approval")
        pane.locator("[data-tick]").click()
        expect(pane.locator("[data-tick]")).to_have_attribute("aria-pressed", "true")
        following = page.get_by_role("link", name="Next file")
        if not following.count():
            return
        following.click()


def approval_cast(page: Page) -> None:
    """Cast the approval that is filled in, and confirm it."""
    page.get_by_role("button", name="Cast verdict").click()
    page.get_by_role("button", name=re.compile("^Approve [A-Z]$")).click()
