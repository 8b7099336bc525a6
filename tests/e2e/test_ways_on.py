"""Where pages lead: home for each role, a request that failed, an error, an applied proposal, answers to take along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.console.demo.people import demo_seed
from apps.generation.models import CodeGenerationRequest, GenerationRun, PullRequest
from apps.governance.models import User
from apps.jobs.runner import job_execute
from apps.providers.models import Provider
from apps.quality import services
from apps.quality.models import QualityImprovement
from apps.repositories.models import Repository
from tests.asked import jobs_asked
from tests.e2e.conftest import WIDE
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE
from tests.generation.test_questions import ALSO_FIRST, FIRST, MIDDLE, SORTED
from tests.generation.test_review import vote
from tests.git import git
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def look(
    page: Page, both_themes: str, axe: Callable[[Page], None], overflow: Callable[[], int], screenshot: Callable
) -> Callable[[str], None]:
    """``look("home")``: the page is accessible, has one primary action, and fits the narrowest window."""

    def check(name: str, *, primary: int = 1) -> None:
        page.set_viewport_size(WIDE)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("main .button--primary").count() == primary, name
        axe(page)
        screenshot(f"{name}-{both_themes}")
        page.set_viewport_size({"width": 390, "height": 844})
        screenshot(f"{name}-phone-{both_themes}")
        assert overflow() <= 0, name
        page.set_viewport_size(WIDE)

    return check


def test_home_leads_each_person_of_the_demo(
    page: Page, tmp_path: Path, sign_in: Callable[[User], None], look: Callable[..., None]
) -> None:
    demo_seed(home=tmp_path)
    for name in ("engineer", "reviewer", "chair", "admin"):
        sign_in(User.objects.get(username=name))
        page.goto("/")
        look(f"home-{name}")
    page.goto("/no/such/page")
    look("error-404", primary=0)


def test_a_request_that_failed_leads_to_the_changed_specification(
    page: Page,
    submit: Submit,
    provider: Provider,
    server: FaultServer,
    engineer: User,
    sign_in: Callable[[User], None],
    look: Callable[..., None],
) -> None:
    server.answers([UNPARSABLE])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    sign_in(engineer)
    page.goto("/")
    page.get_by_role("link", name="Continue the latest request").click()
    look("request-failed")
    page.get_by_role("link", name="Change the specification").click()
    expect(page.get_by_label("Specification")).to_have_value(CLAMP)


def test_answers_are_taken_along_into_the_changed_specification(
    page: Page,
    submit: Submit,
    provider: Provider,
    server: FaultServer,
    engineer: User,
    reviewer: User,
    owner: User,
    sign_in: Callable[[User], None],
    look: Callable[..., None],
) -> None:
    server.answers([FIRST, SORTED, ALSO_FIRST])
    request = submit(MIDDLE, title="The middle of some numbers")
    work_off(request)
    sign_in(engineer)
    page.goto("/")
    expect(page.get_by_text("A question about “The middle of some numbers” waits for your answer.")).to_be_visible()
    page.get_by_role("link", name="Answer a question").click()
    look("review-question")
    page.get_by_label("Returns", exact=True).check()
    page.get_by_label("What it returns, as a Python value").fill("7")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    page.goto(f"/specs/new?request={request.pk.hex}")
    look("editor-answers")
    page.get_by_role("link", name="Add them to the text").click()
    assert page.get_by_label("Specification").input_value().endswith("\n7\n")


def test_a_failed_gate_is_overridden_by_two_people(
    page: Page,
    submit: Submit,
    provider: Provider,
    server: FaultServer,
    reviewer: User,
    owner: User,
    person: Callable[..., User],
    sign_in: Callable[[User], None],
    look: Callable[..., None],
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP, title="Keep values in range", target_path="shop/ranges.py")
    work_off(request)
    run = GenerationRun.objects.get(pk=request.pk)
    vote(run, reviewer)
    vote(run, owner)
    work_off(request)
    pull_request = PullRequest.objects.get(request=request)
    pull_request.gates[0].update(status="failed", detail="shop/ranges.py:3 E501 Line too long (131 > 120)")
    pull_request.save(update_fields=["gates"])
    sign_in(person("quinn", "quality_lead"))
    page.goto(f"/requests/{request.pk}")
    page.get_by_text("Override this gate").click()
    page.get_by_label("Why it may be merged all the same").fill("The long line is the address of the standard.")
    look("override-ask")
    page.get_by_role("button", name="Sign and ask the chair").click()
    expect(page.get_by_text("one of two signatures")).to_be_visible()
    sign_in(person("chris", "chair"))
    page.goto("/")
    page.get_by_role("link", name="Lint of Keep values in range").click()
    look("override-confirm")
    page.get_by_role("button", name="Sign the override").click()
    expect(page.get_by_text("overridden")).to_be_visible()
    sign_in(owner)
    page.goto(f"/requests/{request.pk}")
    look("override-merge")
    expect(page.get_by_role("button", name="Merge into main")).to_be_visible()


def test_a_proposal_is_applied_and_discarded_while_the_page_watches(
    page: Page,
    repository: Repository,
    code: Path,
    engineer: User,
    sign_in: Callable[[User], None],
    look: Callable[..., None],
) -> None:
    (code / "shop/unused.py").write_text("import os\n\n\ndef two() -> int:\n    return 2\n")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Add")
    file = services.code_load(repository=repository, path="shop/unused.py")
    proposal = services.optimise_suggest(code=file, requested_by=engineer)
    sign_in(engineer)
    page.goto(f"/repos/shop/quality/proposals/{proposal.pk}")
    look("proposal")
    page.get_by_role("button", name="Apply to a branch").click()
    expect(page.locator("#proposal-branch [data-live-job]")).to_be_visible()
    job_execute(jobs_asked().get().pk)
    expect(page.get_by_role("button", name="Discard the branch")).to_be_visible()
    page.reload()
    look("proposal-applied")
    page.get_by_role("button", name="Discard the branch").click()
    expect(page.get_by_text("The branch is being removed.")).to_be_visible()
    job_execute(jobs_asked().latest("created_at").pk)
    expect(page.get_by_role("button", name="Discard the branch")).to_have_count(0)
    assert QualityImprovement.objects.get().applied_at is None
