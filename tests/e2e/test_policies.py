"""What is asked of code, as people see it: the policy of a repository, and a candidate that does not keep it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.console.flows.policy_trials import TRIAL_JOB
from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.asked import jobs_asked
from tests.e2e.conftest import WIDE
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP
from tests.generation.test_requirements_in_review import BRINGS
from tests.git import git
from tests.knowledge.test_mining import function
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW = {"width": 390, "height": 844}


@pytest.fixture
def look(
    page: Page, axe: Callable[..., None], screenshot: Callable[[str], None], overflow: Callable[[], int]
) -> Callable[[str], None]:
    """Look at the page in both themes, wide and narrow, with axe."""

    def at(name: str) -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            axe(page)
            screenshot(f"{name}-{theme}")
            page.set_viewport_size(NARROW)
            screenshot(f"{name}-{theme}-390")
            assert overflow() == 0
            page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")

    return at


def test_a_policy_is_written_and_what_does_not_keep_it_waits_for_two_people(
    page: Page,
    submit: Callable[..., CodeGenerationRequest],
    repository: Repository,
    provider: Provider,
    server: FaultServer,
    reviewer: User,
    person: Callable[..., User],
    sign_in: Callable[[User], None],
    look: Callable[[str], None],
) -> None:
    lead = person("quinn", "quality_lead")
    sign_in(lead)
    page.goto("/knowledge/policies")
    look("policies")
    page.get_by_role("link", name="shop").click()
    look("policy-empty")
    page.get_by_role("link", name="Propose the next version").click()
    page.get_by_label("Denied distributions").fill("numpy")
    page.get_by_label("Forbidden patterns and anti-patterns").fill("clmp")
    page.get_by_label("Allowed licences").fill("mit\nbsd-3-clause")
    page.get_by_label("Why it shall change").fill("Ranges are kept by shop.ranges.")
    page.get_by_role("button", name="Propose", exact=True).click()
    expect(page.get_by_text("There is no pattern clmp. Did you mean clamp?").first).to_be_visible()
    look("policy-refused")
    page.get_by_label("Forbidden patterns and anti-patterns").fill("clamp")
    page.get_by_role("button", name="Propose", exact=True).click()
    page.get_by_role("button", name="Simulate", exact=True).click()
    expect(page.get_by_text("It is tried on the last 90 days in the background.")).to_be_visible()
    job_execute(Job.objects.get(kind=TRIAL_JOB).pk)
    page.reload()
    expect(page.get_by_text("so this says nothing about the policy")).to_be_visible()
    look("policy-proposed")
    address = page.url
    sign_in(person("chloe", "chair"))
    page.goto(address)
    page.get_by_role("button", name="Publish this version").click()
    expect(page.get_by_text("Published. It rules from now on.")).to_be_visible()
    page.goto("/knowledge/policies/shop")
    look("policy")
    page.goto("/governance/policies/code-rules")
    look("policy-versions")

    server.answers([BRINGS])
    request = submit(
        CLAMP + "- It must not use numpy.\n- Cyclomatic complexity must be at most 1.\n",
        title="Keep values in range",
        target_path="shop/ranges.py",
    )
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    work_off(request)
    sign_in(lead)
    page.goto(f"/requests/{request.pk}/review")
    page.get_by_text("Override this gate").first.click()
    look("review-asked")
    page.get_by_label("Why it may be approved all the same").first.fill("The pattern is meant here.")
    page.get_by_role("button", name="Sign and ask the chair").first.click()
    expect(page.get_by_text("one of two signatures")).to_be_visible()
    sign_in(reviewer)
    page.goto(f"/requests/{request.pk}/review")
    expect(page.get_by_text("cannot be approved").first).to_be_visible()
    look("review-asked-reviewer")


def test_what_recurs_is_mined_and_proposed_by_a_person(
    page: Page,
    repository: Repository,
    code: Path,
    engineer: User,
    sign_in: Callable[[User], None],
    look: Callable[[str], None],
) -> None:
    for number in range(3):
        (code / f"shop/part{number}.py").write_text(function(number, ("model", "now", "found")))
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Repeat")
    sign_in(engineer)
    page.goto("/knowledge/mined")
    look("mined-empty")
    page.get_by_role("button", name="Mine main").click()
    expect(page.locator("#mined[data-live-job]")).to_be_visible()
    job_execute(jobs_asked().get().pk)
    expect(page.get_by_text("found.touch(now)")).to_be_visible()
    look("mined")
    page.get_by_role("link", name="structure").first.click()
    page.get_by_label("Propose it for the library").check()
    page.get_by_label("Name of the pattern").fill("First or fail")
    look("mined-detail")
    page.get_by_label("Why", exact=True).fill("It is written again and again.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name="First or fail")).to_be_visible()
    look("mined-proposed")
